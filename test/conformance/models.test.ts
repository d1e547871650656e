import { afterAll, beforeAll, expect, it } from 'vitest';
import { fuzz } from '../fuzz/fuzz.ts';
import { models } from '../fuzz/models.ts';
import { type Bench, openBench } from '../support/bench.ts';

let bench: Bench;
beforeAll(async () => {
  bench = await openBench();
});
afterAll(() => bench.close());

// `npm run fuzz -- models` runs more of them.
it.each([
  [12, 'f32'],
  [4, 'f16'],
] as const)(
  '%i random models in %s give the logits of the reference on every target',
  { timeout: 300_000 },
  async (runs, dtype) => {
    expect(await fuzz(bench, models, { runs, seed: 2, dtype })).toBeUndefined();
  },
);
