import { ops, type Place } from '@casement/ir';
import { axisIndex, replaceAxis } from '../axis.ts';
import { emit, tracerOf } from '../emit.ts';
import { callerOf } from '../place.ts';
import type { AxisOf, Dim, FloatDType, ReplaceAxis, Shape } from '../shape.ts';
import { type Tensor, traced } from '../tensor.ts';

type Sortable = FloatDType | 'i32';

export interface SortOptions {
  /** Largest first. */
  readonly descending?: boolean;
}

/** The indices that sort x along an axis; equal elements keep their order. x has no NaN. */
export function argSort<S extends Shape, A extends AxisOf<S>>(
  x: Tensor<Sortable, S>,
  axis: A,
  { descending = false }: SortOptions = {},
): Tensor<'i32', S> {
  const place = callerOf(argSort);
  return allSorted(x, axisIndex('argSort', x, axis, place), descending, place);
}

/** x sorted along an axis. */
export function sort<T extends Sortable, S extends Shape, A extends AxisOf<S>>(
  x: Tensor<T, S>,
  axis: A,
  { descending = false }: SortOptions = {},
): Tensor<T, S> {
  const place = callerOf(sort);
  const at = axisIndex('sort', x, axis, place);
  const indices = allSorted(x, at, descending, place);
  return emit(place, ops.gatherAlong, [x, indices], { axis: at }, x.dtype, x.shape);
}

export interface TopK<T extends Sortable, S extends Shape> {
  /** The largest elements, the largest first. */
  readonly values: Tensor<T, S>;
  /** Where they are in x; of equal ones the first. */
  readonly indices: Tensor<'i32', S>;
}

/** The `k` largest elements along an axis: `topK(scores, 'image', 'kept')`; sort the indices to keep x's order. */
export function topK<T extends Sortable, S extends Shape, A extends AxisOf<S>, const K extends Dim>(
  x: Tensor<T, S>,
  axis: A,
  k: K,
): TopK<T, ReplaceAxis<S, A, readonly [K]>>;
export function topK(x: Tensor<Sortable>, axis: Dim, k: Dim): TopK<Sortable, Shape> {
  const place = callerOf(topK);
  const at = axisIndex('topK', x, axis, place);
  const tracer = tracerOf('topK', [x], place);
  const count = tracer.draft.sizes.of(k, tracer.origin(place));
  const shape = replaceAxis(x.shape, at, [k]);
  const indices: Tensor<'i32'> = emit(place, ops.argSort, [x], { axis: at, descending: true, count }, 'i32', shape);
  return { values: emit(place, ops.gatherAlong, [x, indices], { axis: at }, x.dtype, shape), indices };
}

/** Indices of all elements along an axis, in order. */
function allSorted<S extends Shape>(
  x: Tensor<Sortable, S>,
  at: number,
  descending: boolean,
  place: Place | undefined,
): Tensor<'i32', S> {
  const count = x[traced].value.type.shape[at] ?? 0;
  return emit(place, ops.argSort, [x], { axis: at, descending, count }, 'i32', x.shape);
}
