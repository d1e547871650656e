/**
 * bfloat16 (the upper half of a binary32) to and from binary32, on whole arrays. NaN stays NaN, rounding is to nearest,
 * ties to even.
 */

/** Widens exactly. `target` takes the bits of the binary32 numbers. */
export function bf16ToF32(source: Uint16Array, target: Uint32Array): void {
  for (let i = 0; i < source.length; i++) target[i] = (source[i] as number) << 16; // i is in range
}

/**
 * Narrows with rounding.
 *
 * @returns how many finite values became infinite (the largest binary32 numbers do)
 */
export function f32ToBf16(source: Uint32Array, target: Uint16Array): number {
  let overflowed = 0;
  for (let i = 0; i < source.length; i++) {
    const bits = source[i] as number; // i is in range
    const magnitude = bits & 0x7fffffff;
    if (magnitude > 0x7f800000) {
      target[i] = (bits >>> 16) | 0x40; // a quiet NaN: dropping the low half alone could leave an infinity
    } else {
      if (magnitude >= 0x7f7f8000 && magnitude !== 0x7f800000) overflowed++;
      target[i] = (bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16;
    }
  }
  return overflowed;
}
