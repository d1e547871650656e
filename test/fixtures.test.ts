import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeTensor } from '@casement/ir';
import { decoder, decoderFromConfig } from '@casement/models';
import { referenceExecutor } from '@casement/session/reference';
import { decodeFloats, openCheckpoint } from '@casement/weights';
import { expect, test } from 'vitest';
import { readGolden } from '../packages/casement/src/golden.ts';
import { runGolden } from '../packages/casement/src/verify/runGolden.ts';

const fixtures = join(import.meta.dirname, 'fixtures');

test.each(readdirSync(fixtures))('%s: the reference gives the golden logits and tokens', async (name) => {
  const dir = join(fixtures, name);
  const program = decoder(decoderFromConfig(JSON.parse(readFileSync(join(dir, 'config.json'), 'utf8')))).build({ dtype: 'f32' });
  await using source = await openCheckpoint(dir);
  const params = new Map<string, ReturnType<typeof makeTensor>>();
  for (const [key, value] of program.params) {
    const { dtype, shape } = source.info(key);
    const data = decodeFloats(await source.read(key), 'f32');
    params.set(key, { dtype: 'f32', shape, data });
  }
  const executor = referenceExecutor(program, { param: (n) => params.get(n) ?? (() => { throw new Error(n); })() });
  const golden = await readGolden(join(dir, 'golden.safetensors'));
  const run = await runGolden(executor, golden);
  console.log(name, run.chunked, run.tokenByToken.maxAbsolute, run.betweenBoth.maxAbsolute);
  expect(run.chunked.maxAbsolute).toBeLessThan(1e-5);
  expect(run.tokenByToken.maxAbsolute).toBeLessThan(1e-5);
  expect(run.greedy).toEqual(golden.greedy);
});
