import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { verify } from '../packages/casement/src/verify/verify.ts';

/**
 * Models and what PyTorch made of them. Most come from the project's oracle scripts as they are; `qwen2_5-vl-edges`
 * (images of one token and of one row, one kv head, a head of its own) and `casa-qwen-shared` (shared projections, image
 * tokens through the MLP) are two more cases of the same scripts.
 */
const fixtures = join(import.meta.dirname, 'fixtures');

test.each(readdirSync(fixtures))('%s: the reference gives the golden image tokens, logits and tokens', async (name) => {
  const model = join(fixtures, name);
  const report = await verify({ model, golden: join(model, 'golden.safetensors'), targets: ['reference'] });
  if (report.kind !== 'conversation') throw new Error(`${name} is not verified as a conversation`);
  const [reference] = report.targets;
  expect(reference?.greedy).toEqual(report.expectedGreedy);
  expect(reference?.chunked.maxAbsolute).toBeLessThan(1e-5);
  expect(reference?.tokenByToken.maxAbsolute).toBeLessThan(1e-5);
  if (name.includes('qwen')) expect(reference?.imageTokens?.maxAbsolute).toBeLessThan(1e-5);
  else expect(reference?.imageTokens).toBeUndefined();
});
