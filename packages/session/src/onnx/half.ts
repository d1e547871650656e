/** Numbers as binary16 bits, rounded to nearest, ties to even. */
export function encodeHalves(values: ArrayLike<number>): Uint16Array {
  const float = new Float32Array(1);
  const bits = new Uint32Array(float.buffer);
  return Uint16Array.from(values, (value) => {
    float[0] = value;
    return encodeHalf(bits[0] ?? 0);
  });
}

/** Binary16 bits as numbers. */
export function decodeHalves(halves: ArrayLike<number>): Float32Array {
  return Float32Array.from(halves, decodeHalf);
}

/** From the bits of an f32; a carry out of the mantissa moves into the exponent, as it should. */
function encodeHalf(bits: number): number {
  const sign = (bits >>> 16) & 0x8000;
  const exponent = ((bits >>> 23) & 0xff) - 127;
  const mantissa = bits & 0x7fffff;
  if (exponent === 128) return sign | 0x7c00 | (mantissa === 0 ? 0 : 0x200);
  if (exponent > 15) return sign | 0x7c00;
  if (exponent >= -14) return sign | (((exponent + 15) << 10) + shiftRounded(mantissa, 13));
  if (exponent < -25) return sign;
  return sign | shiftRounded(mantissa | 0x800000, -1 - exponent);
}

function shiftRounded(value: number, by: number): number {
  const down = value >>> by;
  const rest = value - down * 2 ** by;
  const half = 2 ** (by - 1);
  return rest > half || (rest === half && down % 2 === 1) ? down + 1 : down;
}

function decodeHalf(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >>> 10) & 0x1f;
  const mantissa = half & 0x3ff;
  if (exponent === 31) return mantissa === 0 ? sign * Infinity : Number.NaN;
  return exponent === 0 ? sign * mantissa * 2 ** -24 : sign * (1 + mantissa / 1024) * 2 ** (exponent - 15);
}
