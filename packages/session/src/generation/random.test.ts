import { expect, it } from 'vitest';
import { gumbel, hash, LARGEST_GUMBEL } from './random.ts';

it('gives the same numbers for the same seed, for ever', () => {
  const numbers = [hash(0, 0, 0), hash(1, 0, 0), hash(0, 1, 0), hash(0, 0, 1), hash(151_935, 511, -1)];
  expect(numbers).toMatchInlineSnapshot(`
    [
      2611992518,
      2717828630,
      450040476,
      2136848594,
      3428257715,
    ]
  `);
  expect(hash(7, 8, 2 ** 32 - 1)).toBe(hash(7, 8, -1));
});

it('is even, along each of its numbers', () => {
  for (const axis of [0, 1, 2]) {
    const counts = new Array(10).fill(0);
    for (let i = 0; i < 100_000; i++) {
      const [x, y, z] = [0, 1, 2].map((other) => (other === axis ? i : 7));
      counts[Math.floor((hash(x ?? 0, y ?? 0, z ?? 0) / 2 ** 32) * 10)]++;
    }
    for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(400);
  }
});

it('is finite at both ends, with mean and spread of the Gumbel distribution', () => {
  expect(gumbel(0)).toBeLessThan(LARGEST_GUMBEL);
  expect(gumbel(0)).toBeGreaterThan(22);
  expect(gumbel(2 ** 32 - 1)).toBeGreaterThan(-3);
  const drawn = Array.from({ length: 100_000 }, (_, i) => gumbel(hash(i, 1, 2)));
  const mean = drawn.reduce((sum, value) => sum + value, 0) / drawn.length;
  const variance = drawn.reduce((sum, value) => sum + (value - mean) ** 2, 0) / drawn.length;
  expect(mean).toBeCloseTo(0.5772, 1);
  expect(variance).toBeCloseTo(Math.PI ** 2 / 6, 1);
});
