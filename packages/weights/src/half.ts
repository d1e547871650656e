/**
 * IEEE 754 binary16 to and from binary32, on whole arrays and without an allocation per element. NaN stays NaN (sign
 * and upper payload kept), rounding is to nearest, ties to even.
 */

/** Widens exactly. `target` holds as many elements as `source`. */
export function f16ToF32(source: Uint16Array, target: Float32Array): void {
  const bits = new Uint32Array(target.buffer, target.byteOffset, target.length);
  for (let i = 0; i < source.length; i++) {
    const half = source[i] as number; // i is in range
    const magnitude = (half & 0x7fff) << 13;
    const sign = (half & 0x8000) << 16;
    if (magnitude >= 0x0f800000) {
      bits[i] = sign | 0x70000000 | magnitude; // infinity or NaN: the exponent is all ones in both formats
    } else if (magnitude >= 0x00800000) {
      bits[i] = sign | (magnitude + 0x38000000); // exponent bias 15 → 127
    } else {
      target[i] = (sign < 0 ? -1 : 1) * (half & 0x3ff) * 2 ** -24; // zero or subnormal
    }
  }
}

/**
 * Narrows with rounding.
 *
 * @param source bits of binary32 numbers
 * @returns how many finite values became infinite
 */
export function f32ToF16(source: Uint32Array, target: Uint16Array): number {
  let overflowed = 0;
  for (let i = 0; i < source.length; i++) {
    const bits = source[i] as number; // i is in range
    const half = roundToHalf(bits);
    if ((half & 0x7fff) === 0x7c00 && (bits & 0x7fffffff) < 0x7f800000) overflowed++;
    target[i] = half;
  }
  return overflowed;
}

/**
 * From bfloat16, the way of most released checkpoints. Nearly all weights are in the normal range of f16, where the
 * shorter mantissa just moves; only the others need rounding.
 *
 * @returns how many finite values became infinite
 */
export function bf16ToF16(source: Uint16Array, target: Uint16Array): number {
  let overflowed = 0;
  for (let i = 0; i < source.length; i++) {
    const value = source[i] as number; // i is in range
    const magnitude = value & 0x7fff;
    if (magnitude >= 0x3880 && magnitude < 0x4780) {
      target[i] = (value & 0x8000) | ((magnitude - 0x3800) << 3); // 2⁻¹⁴ to 2¹⁶; exponent bias 127 → 15
    } else {
      if (magnitude >= 0x4780 && magnitude < 0x7f80) overflowed++;
      target[i] = roundToHalf(value << 16);
    }
  }
  return overflowed;
}

/** The binary16 nearest to the binary32 with these bits. */
function roundToHalf(bits: number): number {
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  if (magnitude >= 0x477ff000) {
    // From 65520 on: too large, infinite or NaN.
    return sign | (magnitude > 0x7f800000 ? 0x7e00 | ((magnitude >>> 13) & 0x3ff) : 0x7c00);
  }
  if (magnitude >= 0x38800000) {
    // Normal in f16. A carry out of the mantissa runs into the exponent, which is what rounding up means.
    return sign | ((magnitude - 0x38000000 + 0xfff + ((magnitude >>> 13) & 1)) >>> 13);
  }
  if (magnitude > 0x33000000) {
    // Subnormal in f16, above half of the smallest one: shift the full mantissa to units of 2⁻²⁴.
    const mantissa = (magnitude & 0x7fffff) | 0x800000;
    const shift = 126 - (magnitude >>> 23);
    return sign | ((mantissa + (1 << (shift - 1)) - 1 + ((mantissa >>> shift) & 1)) >>> shift);
  }
  return sign;
}
