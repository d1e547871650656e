import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { formatVerification, type VerifyTarget, verify } from '../packages/casement/src/index.ts';

const fixtures = join(import.meta.dirname, 'fixtures');
const targets: VerifyTarget[] = ['reference', 'onnx', 'webgpu'];

test.each(readdirSync(fixtures))('%s: every target gives the golden logits and tokens', async (name) => {
  const model = join(fixtures, name);
  const report = await verify({ model, golden: join(model, 'golden.safetensors'), targets });
  console.log(formatVerification(report));
  expect(report.passed, formatVerification(report)).toBe(true);
});
