import { ops } from '@casement/ir';
import { axisIndex, replaceAxis } from '../axis.ts';
import { emit, tracerOf } from '../emit.ts';
import { callerOf } from '../place.ts';
import type { AxisOf, Dim, DType, ReplaceAxis, Shape } from '../shape.ts';
import type { Tensor } from '../tensor.ts';

/** `size` elements from `start` on: `slice(x, 'seq', { start: 'seq-1', size: 1 })` is the last row. */
export function slice<T extends DType, S extends Shape, A extends AxisOf<S>, const N extends Dim>(
  x: Tensor<T, S>,
  axis: A,
  { start, size }: { readonly start: Dim; readonly size: N },
): Tensor<T, ReplaceAxis<S, A, readonly [N]>> {
  const place = callerOf(slice);
  const tracer = tracerOf('slice', [x], place);
  const origin = tracer.origin(place);
  const at = axisIndex('slice', x, axis, place);
  const attrs = { axis: at, start: tracer.draft.sizes.of(start, origin), size: tracer.draft.sizes.of(size, origin) };
  return emit(place, ops.slice, [x], attrs, x.dtype, replaceAxis(x.shape, at, [size]));
}

type Parts = readonly [Tensor, ...Tensor[]];

/** What the parts `P` must be next to their first: the same but for the axis. */
type LikeFirst<P extends Parts, A extends Dim> =
  P[0] extends Tensor<infer T, infer S>
    ? { readonly [K in keyof P]: Tensor<T, ReplaceAxis<S, A, readonly [Dim]>> }
    : never;

/** Tensors one after another along an axis, whose dim is then called `dim`: `concat([a, b], 'image', '2*image')`. */
export function concat<const P extends Parts, A extends AxisOf<P[0]['shape']>, const D extends Dim>(
  parts: P extends LikeFirst<P, A> ? P : LikeFirst<P, A>,
  axis: A,
  dim: D,
): Tensor<P[0]['dtype'], ReplaceAxis<P[0]['shape'], A, readonly [D]>>;
export function concat(parts: Parts, axis: Dim, dim: Dim): Tensor {
  const place = callerOf(concat);
  const [first] = parts;
  const at = axisIndex('concat', first, axis, place);
  return emit(place, ops.concat, parts, { axis: at }, first.dtype, replaceAxis(first.shape, at, [dim]));
}

/** Tensors of one shape along a new first dim, as many as its size: `stack(states, 'layers')`. */
export function stack<T extends DType, const S extends Shape, const D extends Dim>(
  parts: readonly Tensor<T, S>[],
  dim: D,
): Tensor<T, readonly [D, ...S]>;
export function stack(parts: readonly Tensor[], dim: Dim): Tensor {
  const [first] = parts;
  return emit(callerOf(stack), ops.stack, parts, {}, first?.dtype ?? 'float', [dim, ...(first?.shape ?? [])]);
}

export interface PadOptions {
  /** How many elements come before x and after it; none unless given. */
  readonly before?: Dim;
  readonly after?: Dim;
  /** What they are; 0 unless given. */
  readonly value?: number;
}

/** x with a number before and after it along an axis, whose dim is then called `dim`. */
export function pad<T extends DType, S extends Shape, A extends AxisOf<S>, const D extends Dim>(
  x: Tensor<T, S>,
  axis: A,
  { before = 0, after = 0, value = 0 }: PadOptions,
  dim: D,
): Tensor<T, ReplaceAxis<S, A, readonly [D]>> {
  const place = callerOf(pad);
  const tracer = tracerOf('pad', [x], place);
  const at = axisIndex('pad', x, axis, place);
  const [first, last] = [before, after].map((size) => tracer.draft.sizes.of(size, tracer.origin(place)));
  const attrs = { axis: at, before: first ?? 0, after: last ?? 0, value };
  return emit(place, ops.pad, [x], attrs, x.dtype, replaceAxis(x.shape, at, [dim]));
}
