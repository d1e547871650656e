import { ops } from '@casement/ir';
import { axisIndex, replaceAxis } from '../axis.ts';
import { emit } from '../emit.ts';
import { callerOf } from '../place.ts';
import type { AxisOf, DType, ReplaceAxis, Shape } from '../shape.ts';
import type { Tensor } from '../tensor.ts';

/** Slices of a table along an axis, picked by indices; `gather(weight, 'vocab', ids)` looks up embeddings. */
export function gather<T extends DType, S extends Shape, A extends AxisOf<S>, const I extends Shape>(
  table: Tensor<T, S>,
  axis: A,
  indices: Tensor<'i32', I>,
): Tensor<T, ReplaceAxis<S, A, I>> {
  const place = callerOf(gather);
  const at = axisIndex('gather', table, axis, place);
  return emit(
    place,
    ops.gather,
    [table, indices],
    { axis: at },
    table.dtype,
    replaceAxis(table.shape, at, indices.shape),
  );
}
