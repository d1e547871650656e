import { ops } from '@casement/ir';
import { emit, tensorOf } from '../emit.ts';
import { callerOf } from '../place.ts';
import type { DType, FloatDType, Shape } from '../shape.ts';
import { type Tensor, traced } from '../tensor.ts';

type UnaryName =
  | 'abs'
  | 'cos'
  | 'erf'
  | 'exp'
  | 'floor'
  | 'log'
  | 'neg'
  | 'quickGelu'
  | 'rsqrt'
  | 'sigmoid'
  | 'silu'
  | 'sin'
  | 'sqrt'
  | 'tanh';
type Unary = <T extends FloatDType, S extends Shape>(x: Tensor<T, S>) => Tensor<T, S>;

function unary(name: UnaryName): Unary {
  const op: Unary = (x) => emit(callerOf(op), ops[name], [x], {}, x.dtype, x.shape);
  return op;
}

/** |x| */
export const abs = unary('abs');
/** The cosine of radians. */
export const cos = unary('cos');
/** The error function. */
export const erf = unary('erf');
/** e^x */
export const exp = unary('exp');
/** The largest whole number ≤ x. */
export const floor = unary('floor');
/** The natural logarithm. */
export const log = unary('log');
/** −x */
export const neg = unary('neg');
/** x·sigmoid(1.702·x), the GELU of CLIP. */
export const quickGelu = unary('quickGelu');
/** 1/√x */
export const rsqrt = unary('rsqrt');
/** 1/(1 + e^−x) */
export const sigmoid = unary('sigmoid');
/** x·sigmoid(x) */
export const silu = unary('silu');
/** The sine of radians. */
export const sin = unary('sin');
/** √x */
export const sqrt = unary('sqrt');
/** The hyperbolic tangent. */
export const tanh = unary('tanh');

/** x·Φ(x), Φ by the error function, or by the tanh formula that some checkpoints were trained with. */
export function gelu<T extends FloatDType, S extends Shape>(
  x: Tensor<T, S>,
  { approximate = 'none' }: { readonly approximate?: 'none' | 'tanh' } = {},
): Tensor<T, S> {
  return emit(callerOf(gelu), ops.gelu, [x], { approximate }, x.dtype, x.shape);
}

/** x between two bounds, of which one may be left out. */
export function clip<T extends FloatDType | 'i32', S extends Shape>(
  x: Tensor<T, S>,
  { min = -Infinity, max = Infinity }: { readonly min?: number; readonly max?: number },
): Tensor<T, S> {
  return emit(callerOf(clip), ops.clip, [x], { min, max }, x.dtype, x.shape);
}

/** silu(gate)·up */
export function swiglu<A extends Tensor<FloatDType>>(gate: A, up: NoInfer<A>): A;
export function swiglu(gate: Tensor<FloatDType>, up: Tensor<FloatDType>): Tensor<FloatDType> {
  return emit(callerOf(swiglu), ops.swiglu, [gate, up], {}, gate.dtype, gate.shape);
}

/** Logical not. */
export function not<S extends Shape>(x: Tensor<'bool', S>): Tensor<'bool', S> {
  return emit(callerOf(not), ops.not, [x], {}, 'bool', x.shape);
}

/** x in another dtype; floats are truncated towards zero to integers, non-zero is true. */
export function cast<T extends DType, S extends Shape>(x: Tensor<DType, S>, to: T): Tensor<T, S> {
  const place = callerOf(cast);
  const { tracer, value } = x[traced];
  const dtype = tracer.draft.storedDType(to);
  if (dtype === value.type.dtype) return tensorOf(tracer, value, to, x.shape, place);
  return emit(place, ops.cast, [x], { to: dtype }, to, x.shape);
}
