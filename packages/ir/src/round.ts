/** The nearest bfloat16, ties to even, as a number. */
export function roundToBf16(value: number): number {
  return roundFloat(value, 7, 127);
}

/** The nearest binary16, ties to even, as a number; ±Infinity from 65520 on. */
export function roundToF16(value: number): number {
  return roundFloat(value, 10, 15);
}

/** The nearest number of an IEEE 754 format with so many fraction bits and this largest exponent. */
function roundFloat(value: number, fractionBits: number, maxExponent: number): number {
  const magnitude = Math.abs(value);
  if (!(magnitude < Infinity) || magnitude === 0) return value;
  if (magnitude >= (2 - 2 ** -(fractionBits + 1)) * 2 ** maxExponent) return Math.sign(value) * Infinity;
  // One unit in the last place; subnormal numbers share the smallest one.
  const exponent = Math.max(Math.floor(Math.log2(magnitude)), 1 - maxExponent);
  const unit = 2 ** (exponent - fractionBits);
  const scaled = magnitude / unit;
  const down = Math.floor(scaled);
  const rest = scaled - down;
  const rounded = rest > 0.5 || (rest === 0.5 && down % 2 === 1) ? down + 1 : down;
  return Math.sign(value) * rounded * unit;
}
