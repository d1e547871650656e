import { expect, it } from 'vitest';
import { checkBelow } from './checkBelow.ts';

it.each([
  ['of a text cache', 8],
  ['of a model without one', 6],
])('refuses positions beyond the tables %s', (_, capacity) => {
  const positions = { dtype: 'i32', shape: [1, 2], data: Int32Array.of(7, 8) } as const;
  const state = { name: 'past', dtype: 'f32', shape: [1, 'past', 4], axis: 1, dim: 'past', capacity } as const;
  expect(() => checkBelow('step', { positions }, { positions: 8 }, [state])).toThrowErrorMatchingSnapshot();
  expect(() => checkBelow('step', { positions }, { positions: 9 }, [state])).not.toThrow();
});
