const f32 = new Float32Array(1);
const bits = new Uint32Array(f32.buffer);

/** The nearest bfloat16, ties to even, as a number. */
export function roundToBf16(value: number): number {
  f32[0] = value;
  const word = bits[0] ?? 0;
  if (!Number.isFinite(value)) return value;
  bits[0] = (word + 0x7fff + ((word >>> 16) & 1)) & 0xffff0000;
  return f32[0];
}

/** The nearest binary16, ties to even, as a number; ±Infinity from 65520 on. */
export function roundToF16(value: number): number {
  const magnitude = Math.abs(value);
  if (!(magnitude < Infinity) || magnitude === 0) return value;
  if (magnitude >= 65520) return Math.sign(value) * Infinity;
  // One unit in the last place: 2^(exponent - 10), and 2^-24 for subnormals.
  const exponent = Math.max(Math.floor(Math.log2(magnitude)), -14);
  const unit = 2 ** (exponent - 10);
  const scaled = magnitude / unit;
  const down = Math.floor(scaled);
  const rest = scaled - down;
  const rounded = rest > 0.5 || (rest === 0.5 && down % 2 === 1) ? down + 1 : down;
  return Math.sign(value) * rounded * unit;
}
