import { type DType, dtypeBytes, type FloatDType, isFloat } from '@casement/ir';
import { bf16ToF32, f32ToBf16 } from './bfloat.ts';
import { WeightError } from './error.ts';
import { f16ToF32, f32ToF16 } from './half.ts';
import { f32View, u16View, u32View } from './views.ts';

export interface Converted {
  /** Little-endian elements of the asked type. The very bytes that were given where nothing had to change. */
  readonly bytes: Uint8Array;
  /** Finite values that were too large for the asked type and became infinite. */
  readonly overflowed: number;
}

/** Elements per step of a conversion that goes through f32: the scratch stays inside the cache. */
const BLOCK = 4096;

/**
 * Converts elements between f32, f16 and bf16, rounding once, to nearest, ties to even. Subnormals, infinities and NaN
 * are kept as such. Other types only convert to themselves.
 *
 * @param bytes whole elements, little-endian
 * @throws WeightError for a pair of types that has no conversion
 */
export function convert(bytes: Uint8Array, from: DType, to: DType): Converted {
  if (from === to) return { bytes, overflowed: 0 };
  if (!isFloat(from) || !isFloat(to)) {
    throw new WeightError(`There is no conversion from ${from} to ${to}: only f32, f16 and bf16 convert.`);
  }
  const result = new Uint8Array((bytes.byteLength / dtypeBytes(from)) * dtypeBytes(to));
  if (to === 'f32') {
    widen(u16View(bytes), from, f32View(result));
    return { bytes: result, overflowed: 0 };
  }
  const target = u16View(result);
  if (from === 'f32') return { bytes: result, overflowed: narrow(u32View(bytes), to, target) };
  return { bytes: result, overflowed: recode(u16View(bytes), from, to, target) };
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

function narrow(source: Uint32Array, to: FloatDType, target: Uint16Array): number {
  return to === 'f16' ? f32ToF16(source, target) : f32ToBf16(source, target);
}

/** From one 16-bit type to the other. f32 holds every f16 and every bf16 exactly, so the detour rounds once. */
function recode(source: Uint16Array, from: FloatDType, to: FloatDType, target: Uint16Array): number {
  const scratch = new Float32Array(BLOCK);
  let overflowed = 0;
  for (let start = 0; start < source.length; start += BLOCK) {
    const block = source.subarray(start, start + BLOCK);
    widen(block, from, scratch.subarray(0, block.length));
    overflowed += narrow(new Uint32Array(scratch.buffer, 0, block.length), to, target.subarray(start));
  }
  return overflowed;
}
