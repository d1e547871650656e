import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { build } from './build.ts';
import { openExecutor } from './openExecutor.ts';

const model = join(import.meta.dirname, '../../../../test/fixtures/text-only');

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'casement-open-'));
  await build({ model, out: join(dir, 'f16'), targets: ['webgpu'], dtype: 'f16' });
});
afterAll(() => rm(dir, { recursive: true, force: true }));

test('takes the kernels that are asked for, or says why not', async () => {
  const open = (variant: string) => openExecutor(join(dir, 'f16'), 'webgpu', { variant });
  await expect(open('fast')).rejects.toThrow(
    'has no variant "fast"; its variants are gpu-subgroups-f16, gpu-subgroups, gpu, software, portable',
  );
  const halves = await open('gpu-subgroups-f16').then(
    (executor) => executor.dispose(),
    (error: Error) => error.message,
  );
  // Where this machine's adapter has halves, there is nothing to say.
  if (halves !== undefined) expect(halves).toContain('variant "gpu-subgroups-f16": needs the feature "shader-f16"');
  await expect(openExecutor(join(dir, 'f16'), 'onnx', { variant: 'gpu' })).rejects.toThrow('--variant is for WebGPU');
});
