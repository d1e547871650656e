import { expect, it } from 'vitest';
import { createRandom, xoshiro128 } from './random.ts';

it("is Blackman and Vigna's xoshiro128** 1.1", () => {
  const next = xoshiro128([1, 2, 3, 4]);
  const published = [
    11520, 0, 5927040, 70819200, 2031721883, 1637235492, 1287239034, 3734860849, 3729100597, 4258142804,
  ];
  expect(published.map(next)).toEqual(published);
});

it('gives the same numbers for the same seed, for ever', () => {
  const take = (seed: number) => {
    const random = createRandom(seed);
    return [random(), random(), random()];
  };
  expect([take(0), take(1), take(2 ** 32 + 1)]).toMatchInlineSnapshot(`
    [
      [
        0.41675133265905573,
        0.5870561741002205,
        0.2650367332581032,
      ],
      [
        0.09156953175513294,
        0.8881928137485323,
        0.43427017709149285,
      ],
      [
        0.09156953175513294,
        0.8881928137485323,
        0.43427017709149285,
      ],
    ]
  `);
  expect(take(1)).toEqual(take(2 ** 32 + 1));
});

it('is even', () => {
  const random = createRandom(7);
  const counts = new Array(10).fill(0);
  for (let i = 0; i < 100_000; i++) counts[Math.floor(random() * 10)]++;
  for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(400);
});
