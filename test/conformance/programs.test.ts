import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { fuzz, report } from '../fuzz/fuzz.ts';
import { programs } from '../fuzz/programs.ts';
import { type Bench, openBench } from '../support/bench.ts';

let bench: Bench;
beforeAll(async () => {
  bench = await openBench();
});
afterAll(() => bench.close());

// `npm run fuzz` runs more of them.
it.each([
  [220, 'f32'],
  [80, 'f16'],
] as const)('%i random programs in %s do the same on every target', { timeout: 300_000 }, async (runs, dtype) => {
  expect(await fuzz(bench, programs, { runs, seed: 2, dtype })).toBeUndefined();
});

/** Programs that once failed. */
const cases = join(import.meta.dirname, 'cases');

it.each(readdirSync(cases))('%s does the same on every target again', async (file) => {
  const made = programs.parse(readFileSync(join(cases, file), 'utf8'));
  expect(await report(bench, programs, made)).toBeUndefined();
});
