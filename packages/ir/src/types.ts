import { type Dim, sameDim } from './dim.ts';
import type { DType } from './dtype.ts';

export interface TensorType {
  readonly dtype: DType;
  readonly shape: readonly Dim[];
}

export function tensorType(dtype: DType, shape: readonly Dim[]): TensorType {
  return { dtype, shape };
}

/** `f32[batch seq 64]`; a size that is a sum is written without spaces, so that spaces separate sizes. */
export function printType(type: TensorType): string {
  return `${type.dtype}${printShape(type.shape)}`;
}

export function printShape(shape: readonly Dim[]): string {
  return `[${shape.map((dim) => String(dim).replaceAll(' ', '')).join(' ')}]`;
}

export function sameShape(a: readonly Dim[], b: readonly Dim[]): boolean {
  return a.length === b.length && a.every((dim, axis) => sameDim(dim, b[axis] ?? -1));
}

export function sameType(a: TensorType, b: TensorType): boolean {
  return a.dtype === b.dtype && sameShape(a.shape, b.shape);
}
