import { makeTensor } from '@casement/ir';
import { describe, expect, it } from 'vitest';
import { joinAlong, sliceAlong, stackTensors } from './tensorAxes.ts';

const counting = (shape: readonly number[], from = 0) => makeTensor('i32', shape, (i) => from + i);

describe('tensors along an axis', () => {
  it.each([0, 1, 2])('parts of axis %i join to the whole', (axis) => {
    const whole = counting([3, 4, 2]);
    const [first, rest] = [sliceAlong(whole, axis, 0, 1), sliceAlong(whole, axis, 1, whole.shape[axis] ?? 0)];
    expect(first.shape).toEqual(whole.shape.with(axis, 1));
    expect(joinAlong([first, rest], axis)).toEqual(whole);
  });

  it('has the elements at those indices', () => {
    expect(Array.from(sliceAlong(counting([2, 3, 2]), 1, 1, 2).data)).toEqual([2, 3, 8, 9]);
    expect(sliceAlong(counting([2, 3]), 1, 3, 3)).toMatchObject({ shape: [2, 0] });
  });

  it('stacks', () => {
    expect(stackTensors([counting([2]), counting([2], 5)])).toEqual({
      dtype: 'i32',
      shape: [2, 2],
      data: Int32Array.from([0, 1, 5, 6]),
    });
  });

  it('refuses what does not fit', () => {
    expect(() => sliceAlong(counting([2, 3]), 1, 2, 4)).toThrowError('elements 2 … 3 along axis 1 of [2, 3]');
    expect(() => joinAlong([counting([2, 3]), counting([3, 3])], 1)).toThrowError('i32[2, 3] and i32[3, 3]');
    expect(() => joinAlong([counting([2]), makeTensor('f32', [2], () => 0)], 0)).toThrowError('f32[2]');
  });
});
