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

/** What indices must be beside x: its dims or 1, but for the axis. */
type Along<S extends Shape, A extends Dim> = OrOne<ReplaceAxis<S, A, readonly [Dim]>>;
type OrOne<S extends Shape> = { readonly [K in keyof S]: S[K] | 1 };

/** The dim of `I` where `S` has the axis `A`. */
type DimAlong<S extends Shape, A extends Dim, I extends Shape> = A extends -1
  ? I extends readonly [...Shape, infer D extends Dim]
    ? D
    : never
  : A extends -2
    ? I extends readonly [...Shape, infer D extends Dim, Dim]
      ? D
      : never
    : DimAtName<S, A, I>;

type DimAtName<S extends Shape, A extends Dim, I extends Shape> = S extends readonly [infer H, ...infer R extends Shape]
  ? I extends readonly [infer D extends Dim, ...infer J extends Shape]
    ? H extends A
      ? D
      : DimAtName<R, A, J>
    : never
  : never;

/** The shape of what `I` picks of `S` along `A`. */
type Picked<S extends Shape, A extends Dim, I extends Shape> = ReplaceAxis<S, A, readonly [DimAlong<S, A, I>]>;

/**
 * Elements of x along an axis, picked by indices of their own for each run (PyTorch's gather). Indices have x's dims but
 * for the axis; a 1 holds for all: rows [batch rows hidden] by indices [batch kept 1] give [batch kept hidden].
 */
export function gatherAlong<T extends DType, S extends Shape, A extends AxisOf<S>, const I extends Along<S, A> & Shape>(
  x: Tensor<T, S>,
  axis: A,
  indices: Tensor<'i32', I>,
): Tensor<T, Picked<S, A, I>> {
  const place = callerOf(gatherAlong);
  const at = axisIndex('gatherAlong', x, axis, place);
  const shape = replaceAxis(x.shape, at, [indices.shape[at] ?? 1]);
  return emit(place, ops.gatherAlong, [x, indices], { axis: at }, x.dtype, shape);
}

/**
 * x with `updates` where indices, as in gatherAlong, say. Of equal indices the first counts; indices outside x hit
 * nothing. There must be at least one index.
 */
export function scatterAlong<
  T extends DType,
  S extends Shape,
  A extends AxisOf<S>,
  const I extends Along<S, A> & Shape,
>(
  x: Tensor<T, S>,
  axis: A,
  indices: Tensor<'i32', I>,
  updates: Tensor<NoInfer<T>, NoInfer<Picked<S, A, I>>>,
): Tensor<T, S> {
  const place = callerOf(scatterAlong);
  const at = axisIndex('scatterAlong', x, axis, place);
  return emit(place, ops.scatterAlong, [x, indices, updates], { axis: at }, x.dtype, x.shape);
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
