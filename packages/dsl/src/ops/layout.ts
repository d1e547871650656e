import { ops, type Place, type Dim as Size } from '@casement/ir';
import { axisIndex } from '../axis.ts';
import { emit, tensorOf, tracerOf } from '../emit.ts';
import { callerOf } from '../place.ts';
import type { Dim, DType, Shape } from '../shape.ts';
import { type Tensor, traced } from '../tensor.ts';

/** The same elements, row-major, under another shape: `reshape(x, ['batch', 'seq', 'heads*headDim'])`. */
export function reshape<T extends DType, const S extends Shape>(x: Tensor<T>, shape: S): Tensor<T, S> {
  return reshapeTo(x, shape, callerOf(reshape));
}

/** The last dim as two: [… heads*headDim] → [… heads headDim]. */
export function splitHeads<T extends DType, const B extends Shape, H extends Dim, E extends Dim>(
  x: Tensor<T, readonly [...B, Dim]>,
  heads: H,
  headDim: E,
): Tensor<T, readonly [...B, H, E]> {
  return reshapeTo(x, [...x.shape.slice(0, -1), heads, headDim], callerOf(splitHeads));
}

/** The last two dims as one, called `dim`: [… heads headDim] → [… heads*headDim]. */
export function mergeHeads<T extends DType, const B extends Shape, D extends Dim>(
  x: Tensor<T, readonly [...B, Dim, Dim]>,
  dim: D,
): Tensor<T, readonly [...B, D]> {
  return reshapeTo(x, [...x.shape.slice(0, -2), dim], callerOf(mergeHeads));
}

/** Each dim of `S` once, in some order. */
type Order<S extends Shape> = { readonly [K in keyof S]: S[number] };

/** Dims in another order: `transpose(x, ['batch', 'heads', 'seq', 'headDim'])`. */
export function transpose<T extends DType, S extends Shape, const P extends Order<S>>(
  x: Tensor<T, S>,
  order: P,
): Tensor<T, P> {
  const place = callerOf(transpose);
  const perm = order.map((dim) => axisIndex('transpose', x, dim, place));
  return emit(place, ops.transpose, [x], { perm }, x.dtype, order);
}

/** x repeated along dims of size 1, and along new leading dims, up to a shape. */
export function broadcastTo<T extends DType, const S extends Shape>(x: Tensor<T>, shape: S): Tensor<T, S> {
  const place = callerOf(broadcastTo);
  return emit(place, ops.broadcastTo, [x], { shape: sizesOf('broadcastTo', x, shape, place) }, x.dtype, shape);
}

/** 0, 1, …, size−1 along a dim of x: `iota(x, 'seq')` counts x's rows. */
export function iota<S extends Shape, A extends S[number]>(x: Tensor<DType, S>, dim: A): Tensor<'i32', readonly [A]> {
  const place = callerOf(iota);
  const size = x[traced].value.type.shape[axisIndex('iota', x, dim, place)] ?? 0;
  const tracer = tracerOf('iota', [x], place);
  return tensorOf(tracer, tracer.emit(ops.iota, [], { size }, place), 'i32', [dim], place);
}

function reshapeTo<T extends DType, S extends Shape>(
  x: Tensor<T>,
  shape: Shape,
  place: Place | undefined,
): Tensor<T, S> {
  return emit(place, ops.reshape, [x], { shape: sizesOf('reshape', x, shape, place) }, x.dtype, shape);
}

function sizesOf(name: string, x: Tensor, shape: Shape, place: Place | undefined): readonly Size[] {
  const tracer = tracerOf(name, [x], place);
  return shape.map((dim) => tracer.draft.sizes.of(dim, tracer.origin(place)));
}
