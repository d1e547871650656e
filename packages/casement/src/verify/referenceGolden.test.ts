import { join } from 'node:path';
import { expect, test } from 'vitest';
import { formatVerification } from './formatVerification.ts';
import { verify } from './verify.ts';

const root = join(import.meta.dirname, '../../../..');

test('without a golden, targets are compared with the reference, images and all', async () => {
  const report = await verify({ model: join(root, 'test/fixtures/casa-qwen'), targets: ['onnx'] });
  expect(report).toMatchObject({ kind: 'conversation', positions: 24, images: 2, passed: true });
  expect(report).not.toHaveProperty('golden');
  expect(formatVerification(report)).toContain('image tokens of onnx');

  const strict = await verify({ model: join(root, 'test/fixtures/casa'), targets: ['onnx'], tolerance: 1e-12 });
  expect(strict.passed).toBe(false);
  expect(formatVerification(strict)).toContain('Some targets do not agree with the reference.');
});

test('a model that holds no conversation needs a golden', async () => {
  const zoo = join(root, 'examples/zoo/qformer');
  const report = verify({ model: join(zoo, 'model.ts'), checkpoint: join(zoo, 'checkpoint') });
  await expect(report).rejects.toThrow(/model qformer has no entry step\(input_ids, position_ids\).*--golden/);
});
