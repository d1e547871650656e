import type { Quantization } from '@casement/ir';
import { type BlockScales, quantizedNumber } from './blockScales.ts';

/** Sums over the values that were packed, for the report. */
export interface ErrorSums {
  values: number;
  squares: number;
  squaredErrors: number;
  largestError: number;
}

/**
 * Rows of `columns` values as packed numbers, [rows blocks block·bits/8]; of two 4-bit numbers in a byte the first is in
 * the low half. Behind the last column the numbers stand for 0. Adds to `sums`.
 */
export function packRows(
  values: Float32Array,
  columns: number,
  { bits, block }: Quantization,
  { scales, zeros }: BlockScales,
  sums: ErrorSums,
): Uint8Array {
  const [rows, blocks, most] = [values.length / columns, Math.ceil(columns / block), 2 ** bits - 1];
  const packed = new Uint8Array((rows * blocks * block * bits) / 8);
  for (let i = 0; i < scales.length; i++) {
    const row = Math.floor(i / blocks);
    const start = row * columns + (i % blocks) * block;
    const end = Math.min(start + block, (row + 1) * columns);
    const [scale, zero] = [scales[i] as number, zeros[i] as number]; // in range
    const inverse = scale === 0 ? 0 : 1 / scale;
    for (let k = 0; k < block; k++) {
      let number = zero;
      if (start + k < end) {
        const value = values[start + k] as number; // in range
        number = quantizedNumber(value, inverse, zero, most);
        const off = Math.abs(value - (number - zero) * scale);
        sums.squares += value * value;
        sums.squaredErrors += off * off;
        if (off > sums.largestError) sums.largestError = off;
      }
      const at = i * block + k;
      if (bits === 8) packed[at] = number;
      else packed[at >> 1] = (packed[at >> 1] as number) | (number << (4 * (at & 1)));
    }
  }
  sums.values += values.length;
  return packed;
}

/** Zero points, one for each block, in the layout of the file: rows of whole bytes. */
export function packZeros(zeros: Uint8Array, blocks: number, bits: 4 | 8): Uint8Array {
  if (bits === 8) return zeros;
  const rowBytes = Math.ceil(blocks / 2);
  const packed = new Uint8Array((zeros.length / blocks) * rowBytes);
  zeros.forEach((zero, i) => {
    const at = Math.floor(i / blocks) * rowBytes + ((i % blocks) >> 1);
    packed[at] = (packed[at] as number) | (zero << (4 * ((i % blocks) & 1)));
  });
  return packed;
}
