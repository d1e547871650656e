import { ops } from '@casement/ir';
import { emit } from '../emit.ts';
import { callerOf } from '../place.ts';
import type { Dim, FloatDType, Shape } from '../shape.ts';
import type { Tensor } from '../tensor.ts';

export interface RmsNormOptions {
  readonly eps: number;
  /** Multiply by the weight before rounding to x's dtype (Helium-preview), instead of after (Llama, Qwen). */
  readonly scaleInF32?: boolean;
}

/** x/√(mean x² + eps)·weight over the last dim, in f32 (Zhang & Sennrich, arXiv 1910.07467). */
export function rmsNorm<T extends FloatDType, const B extends Shape, D extends Dim>(
  x: Tensor<T, readonly [...B, D]>,
  weight: Tensor<NoInfer<T>, readonly [NoInfer<D>]>,
  { eps, scaleInF32 = false }: RmsNormOptions,
): Tensor<T, readonly [...B, D]> {
  return emit(callerOf(rmsNorm), ops.rmsNorm, [x, weight], { eps, scaleInF32 }, x.dtype, x.shape);
}

/** (x − mean)/√(variance + eps)·weight + bias over the last dim, in f32 (Ba et al., arXiv 1607.06450). */
export function layerNorm<T extends FloatDType, const B extends Shape, D extends Dim>(
  x: Tensor<T, readonly [...B, D]>,
  weight: Tensor<NoInfer<T>, readonly [NoInfer<D>]>,
  bias: Tensor<NoInfer<T>, readonly [NoInfer<D>]>,
  { eps }: { readonly eps: number },
): Tensor<T, readonly [...B, D]> {
  return emit(callerOf(layerNorm), ops.layerNorm, [x, weight, bias], { eps }, x.dtype, x.shape);
}

/** (x − mean)/√(variance + eps) over the last dim, in f32: layer norm without weight and bias. */
export function standardize<T extends FloatDType, S extends Shape>(
  x: Tensor<T, S>,
  { eps }: { readonly eps: number },
): Tensor<T, S> {
  return emit(callerOf(standardize), ops.standardize, [x], { eps }, x.dtype, x.shape);
}

/** x [batch channels …] standardised in each group of channels, in f32, then ·weight + bias (arXiv 1803.08494). */
export function groupNorm<T extends FloatDType, B extends Dim, C extends Dim, const P extends Shape>(
  x: Tensor<T, readonly [B, C, ...P]>,
  weight: Tensor<NoInfer<T>, readonly [NoInfer<C>]>,
  bias: Tensor<NoInfer<T>, readonly [NoInfer<C>]>,
  { groups, eps }: { readonly groups: number; readonly eps: number },
): Tensor<T, readonly [B, C, ...P]> {
  return emit(callerOf(groupNorm), ops.groupNorm, [x, weight, bias], { groups, eps }, x.dtype, x.shape);
}
