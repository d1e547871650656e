import { type DType, type FloatDType, isFloat } from '@casement/ir';
import { u16View, u32View } from './views.ts';

export interface NonFinite {
  readonly nan: number;
  readonly infinite: number;
}

const NONE: NonFinite = { nan: 0, infinite: 0 };

/** Exponent bits: all ones means infinity without a mantissa and NaN with one. */
const EXPONENT: Readonly<Record<FloatDType, number>> = { f32: 0x7f800000, f16: 0x7c00, bf16: 0x7f80 };

/** Counts NaN and infinities among little-endian elements; integers have none. */
export function countNonFinite(bytes: Uint8Array, dtype: DType): NonFinite {
  if (!isFloat(dtype)) return NONE;
  const exponent = EXPONENT[dtype];
  if (dtype === 'f32') {
    const words = u32View(bytes);
    return anyNonFinite(words, exponent) ? count(words, exponent, 0x7fffffff) : NONE;
  }
  const halves = u16View(bytes);
  const pairs = halves.subarray(0, halves.length & ~1);
  const last = halves.subarray(pairs.length);
  const words = u32View(new Uint8Array(pairs.buffer, pairs.byteOffset, pairs.byteLength));
  const clean = !anyNonFinite(words, (exponent << 16) | exponent) && count(last, exponent, 0x7fff) === NONE;
  return clean ? NONE : count(halves, exponent, 0x7fff);
}

/**
 * Sound weights have none, so this is the loop that runs: no branch, two 16-bit elements at a time. Adding the lowest
 * exponent bit to the exponent carries into the sign bit of its element exactly if the exponent is all ones.
 */
function anyNonFinite(words: Uint32Array, exponents: number): boolean {
  const lowest = exponents & ~(exponents << 1);
  let carries = 0;
  for (let i = 0; i < words.length; i++) {
    carries |= ((words[i] as number) & exponents) + lowest; // i is in range
  }
  return (carries & 0x80008000) !== 0;
}

function count(bits: Uint16Array | Uint32Array, exponent: number, magnitude: number): NonFinite {
  let nan = 0;
  let infinite = 0;
  for (const value of bits) {
    if ((value & magnitude) === exponent) infinite++;
    else if ((value & magnitude) > exponent) nan++;
  }
  return nan + infinite > 0 ? { nan, infinite } : NONE;
}
