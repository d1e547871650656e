import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { formatVerification, verify } from '../../packages/casement/src/index.ts';

/** Models whose inside the goldens hold, too: `tapped.ts` makes outputs of it. */
const zoo = import.meta.dirname;
const tapped = readdirSync(zoo).filter((name) => existsSync(join(zoo, name, 'tapped.ts')));

it.each(tapped)('%s shows all that PyTorch shows', async (name) => {
  const checkpoint = join(zoo, name, 'checkpoint');
  const report = await verify({
    model: join(zoo, name, 'tapped.ts'),
    checkpoint,
    golden: join(checkpoint, 'golden.safetensors'),
  });
  expect(report.passed, formatVerification(report)).toBe(true);
  if (report.kind !== 'tensors') throw new Error(`${name} was verified as a conversation`);
  expect(report.targets[0]?.unused).toEqual([]);
});
