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
