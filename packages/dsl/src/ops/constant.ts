import { ops } from '@casement/ir';
import { tensorOf, tracerOf } from '../emit.ts';
import { callerOf } from '../place.ts';
import type { DType, Shape } from '../shape.ts';
import type { Tensor } from '../tensor.ts';

/**
 * A tensor of given numbers, row-major, such as a table of a config: `constant(ids, 'i32', ['codes'], tokenIds)`. `x`
 * says which entry it belongs to. Throws ModelError when there are not as many numbers as the shape has elements.
 */
export function constant<T extends DType, const S extends Shape>(
  x: Tensor,
  dtype: T,
  shape: S,
  values: readonly number[],
): Tensor<T, S> {
  const place = callerOf(constant);
  const tracer = tracerOf('constant', [x], place);
  const sizes = shape.map((dim) => {
    const size = tracer.draft.sizes.of(dim, tracer.origin(place));
    if (typeof size === 'number') return size;
    throw tracer.error(`constant: "${dim}" is known at run time only; a constant has fixed sizes`, place);
  });
  const attrs = { dtype: tracer.draft.storedDType(dtype), shape: sizes, values };
  return tensorOf(tracer, tracer.emit(ops.constant, [], attrs, place), dtype, shape, place);
}
