import { expect, test } from 'vitest';
import { formatUnusual } from './formatUnusual.ts';

test('names what is there, and counts what it does not show', () => {
  const one = { tensor: 'a.weight', nan: 2, infinite: 0, overflowed: 1 };
  expect(formatUnusual([one], 'f16')).toEqual([
    'warning: weights of a.weight: 2 NaN, 1 too large for f16, now infinite',
  ]);
  const many = Array.from({ length: 12 }, (_, i) => ({ ...one, tensor: `layers.${i}` }));
  expect(formatUnusual(many, 'f16')).toHaveLength(11);
  expect(formatUnusual(many, 'f16').at(-1)).toBe('warning: such weights in 2 more tensors');
  expect(formatUnusual([], 'f16')).toEqual([]);
});
