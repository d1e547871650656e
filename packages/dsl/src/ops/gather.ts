import { ops } from '@casement/ir';
import { axisIndex, replaceAxis } from '../axis.ts';
import { emit, tracerOf } from '../emit.ts';
import { callerOf } from '../place.ts';
import type { AxisOf, Dim, DType, ReplaceAxis, Shape } from '../shape.ts';
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

/** True where the last index is the number: i32 […] → bool [… dim]; nowhere for numbers outside the dim. */
export function oneHot<const S extends Shape, const D extends Dim>(
  indices: Tensor<'i32', S>,
  dim: D,
): Tensor<'bool', readonly [...S, D]> {
  const place = callerOf(oneHot);
  const tracer = tracerOf('oneHot', [indices], place);
  const size = tracer.draft.sizes.of(dim, tracer.origin(place));
  return emit(place, ops.oneHot, [indices], { size }, 'bool', [...indices.shape, dim]);
}
