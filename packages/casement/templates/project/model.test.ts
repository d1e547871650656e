import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build, formatVerification, generate, openModel, verify } from 'casement';
import { afterAll, beforeAll, expect, test } from 'vitest';

const model = 'model.ts';
const checkpoint = '{{checkpoint}}';

let artifact: string;
beforeAll(async () => {
  artifact = await mkdtemp(join(tmpdir(), '{{name}}-'));
});
afterAll(() => rm(artifact, { recursive: true }));

// With outputs of PyTorch at hand, add `golden: 'golden.safetensors'`.
test('ONNX Runtime and WebGPU compute what the reference computes', async () => {
  const report = await verify({ model, checkpoint });
  expect(report.passed, formatVerification(report)).toBe(true);
}, 600_000);

test('one artifact runs on both targets, with the same tokens', async () => {
  await build({ model, checkpoint, out: artifact, targets: ['onnx', 'webgpu'] });
  expect(await continuation('webgpu')).toEqual(await continuation('onnx'));
}, 600_000);

async function continuation(target: 'onnx' | 'webgpu'): Promise<number[]> {
  const { session, dispose } = await openModel(artifact, { target });
  try {
    await session.read([1, 2, 3]);
    const tokens: number[] = [];
    for await (const { token } of generate(session, { maxTokens: 8 })) tokens.push(token);
    return tokens;
  } finally {
    await dispose();
  }
}
