import { type DType, dtypeBytes, type FloatDType, isFloat } from '@casement/ir';
import { bf16ToF32, f32ToBf16 } from './bfloat.ts';
import { WeightError } from './error.ts';
import { bf16ToF16, f16ToF32, f32ToF16 } from './half.ts';
import { elementCount, f32View, u16View, u32View } from './views.ts';

export interface Converted {
  /** Little-endian elements of the asked type. The very bytes that were given where nothing had to change. */
  readonly bytes: Uint8Array;
  /** Finite values that were too large for the asked type and became infinite. */
  readonly overflowed: number;
}

/**
 * Converts elements between f32, f16 and bf16, rounding once, to nearest, ties to even. Subnormals, infinities and NaN
 * are kept as such. Other types only convert to themselves.
 *
 * @param bytes whole elements, little-endian
 * @throws WeightError for a pair of types that has no conversion; RangeError when the bytes end inside an element
 */
export function convert(bytes: Uint8Array, from: DType, to: DType): Converted {
  if (from === to) return { bytes, overflowed: 0 };
  if (!isFloat(from) || !isFloat(to)) {
    throw new WeightError(`There is no conversion from ${from} to ${to}: only f32, f16 and bf16 convert.`);
  }
  const result = new Uint8Array(elementCount(bytes, dtypeBytes(from)) * dtypeBytes(to));
  if (to === 'f32') {
    widen(u16View(bytes), from, f32View(result));
    return { bytes: result, overflowed: 0 };
  }
  const target = u16View(result);
  if (from === 'bf16') return { bytes: result, overflowed: bf16ToF16(u16View(bytes), target) };
  // f32 holds every f16 exactly, so the detour from f16 to bf16 rounds once.
  const source = u32View(convert(bytes, from, 'f32').bytes);
  return { bytes: result, overflowed: to === 'f16' ? f32ToF16(source, target) : f32ToBf16(source, target) };
}

/** The elements as numbers; where they already are f32, without a copy if they lie aligned. */
export function decodeFloats(bytes: Uint8Array, dtype: FloatDType): Float32Array {
  return f32View(convert(bytes, dtype, 'f32').bytes);
}

/**
 * Numbers as bytes of `dtype`. Too large ones become infinite as IEEE 754 says; `convert` counts them. Where `dtype` is
 * f32 the bytes are those of `values`, not a copy.
 */
export function encodeFloats(values: Float32Array, dtype: FloatDType): Uint8Array {
  return convert(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), 'f32', dtype).bytes;
}

function widen(source: Uint16Array, from: FloatDType, target: Float32Array): void {
  if (from === 'f16') f16ToF32(source, target);
  else bf16ToF32(source, new Uint32Array(target.buffer, target.byteOffset, target.length));
}
