import { ops, sameDim } from '@casement/ir';
import { axisIndex, replaceAxis } from '../axis.ts';
import { emit, tracerOf } from '../emit.ts';
import { callerOf } from '../place.ts';
import type { AxisOf, Dim, DType, ReplaceAxis, Shape } from '../shape.ts';
import { type Tensor, traced } from '../tensor.ts';

/**
 * The indices of true elements, ascending. How many there are is known only when the model runs: `dim` is declared with
 * `dataDependent`, and each entry counts it at most once. Gather every tensor that is to be cut by the same indices.
 */
export function nonZero<const D extends Dim>(
  keep: Tensor<'bool', readonly [Dim]>,
  dim: D,
): Tensor<'i32', readonly [D]> {
  const place = callerOf(nonZero);
  const tracer = tracerOf('nonZero', [keep], place);
  const count = tracer.draft.sizes.of(dim, tracer.origin(place));
  return emit(place, ops.nonZero, [keep], { count }, 'i32', [dim]);
}

/** The slices of x along an axis where `keep` is true; `dim`, declared with `dataDependent`, is how many there are. */
export function compress<T extends DType, S extends Shape, A extends AxisOf<S>, const D extends Dim>(
  x: Tensor<T, S>,
  axis: A,
  keep: Tensor<'bool', readonly [A extends -1 | -2 ? Dim : A]>,
  dim: D,
): Tensor<T, ReplaceAxis<S, A, readonly [D]>>;
export function compress(x: Tensor, axis: Dim, keep: Tensor, dim: Dim): Tensor {
  const place = callerOf(compress);
  const tracer = tracerOf('compress', [x, keep], place);
  const at = axisIndex('compress', x, axis, place);
  const [size, kept] = [x[traced].value.type.shape[at] ?? 1, keep[traced].value.type.shape[0] ?? 1];
  if (!sameDim(size, kept)) {
    throw tracer.error(`compress: axis ${axis} has ${size} slices, but keep says which of ${kept} to keep`, place);
  }
  const count = tracer.draft.sizes.of(dim, tracer.origin(place));
  const indices = emit(place, ops.nonZero, [keep], { count }, 'i32', [dim]);
  return emit(place, ops.gather, [x, indices], { axis: at }, x.dtype, replaceAxis(x.shape, at, [dim]));
}
