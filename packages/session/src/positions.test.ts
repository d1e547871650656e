import { expect, it } from 'vitest';
import { insertedPositions, patchPositions, slicePositions } from './positions.ts';

it('patches stand square by square, row by row within each', () => {
  const { shape, data } = patchPositions({ rows: 4, columns: 6 }, 2);
  expect(shape).toEqual([2, 1, 24]);
  // What transformers' get_vision_position_ids gives for a grid of 4 × 6.
  expect([...data.slice(0, 24)]).toEqual([0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 1, 1, 2, 2, 3, 3, 2, 2, 3, 3, 2, 2, 3, 3]);
  expect([...data.slice(24)]).toEqual([0, 1, 0, 1, 2, 3, 2, 3, 4, 5, 4, 5, 0, 1, 0, 1, 2, 3, 2, 3, 4, 5, 4, 5]);
});

it('patches that make no whole squares are refused', () => {
  expect(() => patchPositions({ rows: 4, columns: 5 }, 2)).toThrowErrorMatchingInlineSnapshot(
    `[InputError: a grid of 4×5 patches is not made of squares of 2×2]`,
  );
  expect(() => patchPositions({ rows: 0, columns: 4 }, 2)).toThrow('a grid of 0×4');
  expect(() => patchPositions({ rows: 2.5, columns: 4 }, 2)).toThrow('a grid of 2.5×4');
});

it('inserted images count like text on one axis, and by their larger side on three', () => {
  const line = insertedPositions(7, 4, 1, undefined);
  expect([line.positions.shape, [...line.positions.data], line.next]).toEqual([[1, 4], [7, 8, 9, 10], 11]);
  const plane = insertedPositions(7, 6, 3, { rows: 2, columns: 3 });
  expect(plane.positions.shape).toEqual([3, 1, 6]);
  expect([...plane.positions.data]).toEqual([7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 8, 8, 7, 8, 9, 7, 8, 9]);
  expect(plane.next).toBe(10);
  expect(() => insertedPositions(7, 6, 3, { rows: 2, columns: 2 })).toThrowErrorMatchingInlineSnapshot(
    `[InputError: an image of 6 tokens needs its grid of rows × columns, got a grid of 2×2]`,
  );
});

it('positions are cut on every axis', () => {
  const { positions } = insertedPositions(0, 6, 3, { rows: 2, columns: 3 });
  const cut = slicePositions(positions, 2, 5);
  expect([cut.shape, [...cut.data]]).toEqual([
    [3, 1, 3],
    [0, 0, 0, 0, 1, 1, 2, 0, 1],
  ]);
});
