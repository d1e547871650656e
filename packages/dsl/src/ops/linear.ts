import { ops } from '@casement/ir';
import { emit, joinShapes } from '../emit.ts';
import { callerOf } from '../place.ts';
import type { Aligned, Dim, FloatDType, Joined, Shape } from '../shape.ts';
import type { Tensor } from '../tensor.ts';

/** x·Wᵀ (+ bias), with W as PyTorch stores it: x [… in], W [out in], bias [out] → [… out]. */
export function linear<T extends FloatDType, const B extends Shape, I extends Dim, O extends Dim>(
  x: Tensor<T, readonly [...B, I]>,
  weight: Tensor<NoInfer<T>, readonly [O, NoInfer<I>]>,
  bias?: Tensor<NoInfer<T>, readonly [NoInfer<O>]>,
): Tensor<T, readonly [...B, O]> {
  const shape = [...x.shape.slice(0, -1), weight.shape[0]];
  return emit(callerOf(linear), ops.linear, bias ? [x, weight, bias] : [x, weight], {}, x.dtype, shape);
}

/** `B` where it can stand on the right of `A`, else what can. */
type RightOf<A, B> =
  A extends Tensor<infer T, readonly [...infer SA extends Shape, Dim, infer K extends Dim]>
    ? B extends Tensor<FloatDType, readonly [...infer SB extends Shape, Dim, infer N extends Dim]>
      ? Tensor<T, readonly [...Aligned<SA, SB>, K, N]>
      : Tensor<T, readonly [K, Dim]>
    : never;

type Multiplying<A, B> = B extends RightOf<A, B> ? B : RightOf<A, B>;

type Product<A, B> =
  A extends Tensor<infer T, readonly [...infer SA extends Shape, infer M extends Dim, Dim]>
    ? B extends Tensor<FloatDType, readonly [...infer SB extends Shape, Dim, infer N extends Dim]>
      ? Tensor<T, readonly [...Joined<SA, SB>, M, N]>
      : never
    : never;

/** The product of matrices: [… m k]·[… k n] → [… m n]; leading dims broadcast. */
export function matmul<A extends Tensor<FloatDType, readonly [...Dim[], Dim, Dim]>, B extends Tensor<FloatDType>>(
  a: A,
  b: Multiplying<A, B>,
): Product<A, B>;
export function matmul(a: Tensor<FloatDType>, b: Tensor): Tensor {
  const batch = joinShapes([a.shape.slice(0, -2), b.shape.slice(0, -2)]);
  const shape = [...batch, a.shape.at(-2) ?? 1, b.shape.at(-1) ?? 1];
  return emit(callerOf(matmul), ops.matmul, [a, b], {}, a.dtype, shape);
}
