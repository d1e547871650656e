import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { build } from 'casement';
import { expect, test } from 'vitest';

const here = import.meta.dirname;

test('gives the same tokens on both targets', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'casement-node-'));
  try {
    const casa = join(here, '../casa');
    const checkpoint = join(casa, 'checkpoint');
    await build({ model: join(casa, 'model.ts'), checkpoint, out: dir, targets: ['onnx', 'webgpu'] });
    const child = spawn(process.execPath, [join(here, 'main.js'), dir], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [, onnx, webgpu] = /^onnx:((?: \d+){16})\nwebgpu:(.*)\n$/.exec(await text(child.stdout)) ?? [];
    expect(onnx).toBeDefined();
    expect(webgpu).toBe(onnx);
  } finally {
    await rm(dir, { recursive: true });
  }
});
