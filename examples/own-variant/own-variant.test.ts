import { join } from 'node:path';
import { formatVerification, verify } from 'casement';
import { expect, test } from 'vitest';

const at = (file: string) => join(import.meta.dirname, file);

test('computes on every target what PyTorch computes', async () => {
  const report = await verify({
    model: at('model.ts'),
    checkpoint: at('checkpoint'),
    golden: at('golden.safetensors'),
  });
  expect(report.passed, formatVerification(report)).toBe(true);
  expect(report.targets.map(({ target }) => target)).toEqual(['reference', 'onnx', 'webgpu']);
});
