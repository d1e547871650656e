import { ops } from '@casement/ir';
import { emit } from '../emit.ts';
import { callerOf } from '../place.ts';
import type { Dim, FloatDType } from '../shape.ts';
import type { Tensor } from '../tensor.ts';

/**
 * Late interaction: for every pair of x [a m width] and y [b n width], and each row of x, the largest product with a row
 * of y that `keep` [b n] does not drop → [a b m]; −∞ where it drops all.
 */
export function maxSimilarity<
  T extends FloatDType,
  A extends Dim,
  B extends Dim,
  M extends Dim,
  N extends Dim,
  E extends Dim,
>(
  x: Tensor<T, readonly [A, M, E]>,
  y: Tensor<NoInfer<T>, readonly [B, N, NoInfer<E>]>,
  { keep }: { readonly keep?: Tensor<'bool', readonly [NoInfer<B>, NoInfer<N>]> } = {},
): Tensor<T, readonly [A, B, M]> {
  const shape = [x.shape[0], y.shape[0], x.shape[1]];
  return emit(callerOf(maxSimilarity), ops.maxSimilarity, keep ? [x, y, keep] : [x, y], {}, x.dtype, shape);
}
