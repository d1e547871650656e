import { add, cast, floor, mul, reshape, slice, type Tensor } from '@casement/dsl';

/** More windows than an image has side by side. */
const ROW_OF_WINDOWS = 1 << 15;

/**
 * Which attention window each patch lies in: positions i32 [2 batch patches] (row, column) → i32 [batch patches].
 * Windows start at the top left; those at the right and lower edges may be smaller.
 */
export function windowIds(
  positions: Tensor<'i32', readonly [2, 'batch', 'patches']>,
  side: number,
): Tensor<'i32', readonly ['batch', 'patches']> {
  const windowAlong = (axis: 0 | 1) => {
    const position = reshape(slice(positions, 2, { start: axis, size: 1 }), ['batch', 'patches']);
    // Half a patch keeps the quotient away from whole numbers, where a GPU's division may fall short.
    return cast(floor(mul(add(cast(position, 'f32'), 0.5), 1 / side)), 'i32');
  };
  return add(mul(windowAlong(0), ROW_OF_WINDOWS), windowAlong(1));
}
