import { expect, test } from 'vitest';
import { encodeFloats } from './convert.ts';
import { dropCopies } from './dropCopies.ts';
import { matchParams } from './matchParams.ts';
import { memorySource } from './memorySource.ts';

const tensor = (shape: number[], values: number[]) => {
  return { dtype: 'f32' as const, shape, data: encodeFloats(Float32Array.from(values), 'f32') };
};

test('a tied tensor saved under two names is no left-over, anything else is', async () => {
  const source = memorySource(
    new Map([
      ['embed', tensor([2, 2], [1, 2, 3, 4])],
      ['head', tensor([2, 2], [1, 2, 3, 4])],
      ['reshaped', tensor([4], [1, 2, 3, 4])],
      ['different', tensor([2, 2], [1, 2, 3, 5])],
    ]),
  );
  const report = matchParams(new Map([['embed', { shape: [2, 2], dtype: 'f16' as const }]]), source);
  const { leftOver, matched } = await dropCopies(report, source);
  expect(leftOver.map((candidate) => candidate.tensor.name)).toEqual(['reshaped', 'different']);
  expect(matched).toEqual(report.matched);
});
