import { dimAt, inputAt, requireDType, requireFloat, requireRank, requireShape } from './infer.ts';
import type { TensorType } from './types.ts';

/**
 * How a weight [rows columns] is quantised: `bits` is 4 or 8; `block` neighbours of a row share a scale, a power of two
 * from 16 to 256. The last block of a row may stand over; what it holds behind `columns` counts for nothing.
 */
export type QuantizedAttrs = { readonly bits: number; readonly block: number; readonly columns: number };

/**
 * A quantised weight, laid out as ONNX Runtime's `MatMulNBits` has it, so that all targets read the same bytes.
 *
 * - `packed` u8 [rows blocks block·bits/8]: whole numbers from 0 to 2^bits − 1; of two 4-bit numbers in a byte the first
 *   one is in the low half.
 * - `scales` float [rows blocks].
 * - `zeros` u8 [rows ⌈blocks·bits/8⌉]: the number that stands for 0 in each block, packed in the same way; 2^(bits−1)
 *   without it.
 */
export interface QuantizedWeight<T> {
  readonly packed: T;
  readonly scales: T;
  readonly zeros: T | undefined;
}

/** Operands of an op on a quantised weight, from operand `first` on: packed, scales, then zeros (u8) and bias if any. */
export function quantizedOperands<T extends { readonly type: TensorType }>(
  inputs: readonly T[],
  first: 0 | 1,
): QuantizedWeight<T> & { readonly bias: T | undefined } {
  const [zeros, bias] = splitExtras(inputs.slice(first + 2), ({ type }) => type);
  return { packed: inputAt(inputs, first), scales: inputAt(inputs, first + 1), zeros, bias };
}

/** The same of operands' types. */
export function quantizedTypes(
  inputs: readonly TensorType[],
  first: 0 | 1,
): QuantizedWeight<TensorType> & { readonly bias: TensorType | undefined } {
  const [zeros, bias] = splitExtras(inputs.slice(first + 2), (type) => type);
  return { packed: inputAt(inputs, first), scales: inputAt(inputs, first + 1), zeros, bias };
}

function splitExtras<T>(extras: readonly T[], typeOf: (extra: T) => TensorType): [T | undefined, T | undefined] {
  const [next] = extras;
  const hasZeros = next !== undefined && typeOf(next).dtype === 'u8';
  return hasZeros ? [next, extras[1]] : [undefined, next];
}

/** Checks a quantised weight and returns its type once dequantised, [rows columns]. Throws TypeError. */
export function requireQuantized(
  { packed, scales, zeros }: QuantizedWeight<TensorType>,
  { bits, block, columns }: QuantizedAttrs,
): TensorType {
  if (bits !== 4 && bits !== 8) throw new TypeError(`bits must be 4 or 8, got ${bits}`);
  if (![16, 32, 64, 128, 256].includes(block)) {
    throw new TypeError(`block must be 16, 32, 64, 128 or 256, got ${block}`);
  }
  if (!Number.isInteger(columns) || columns < 1) throw new TypeError(`columns must be a whole number, got ${columns}`);
  requireDType('u8', packed, ...(zeros ? [zeros] : []));
  requireFloat(scales);
  requireRank(packed, 3, 'the packed weight');
  const rows = dimAt(packed.shape, 0);
  const blocks = Math.ceil(columns / block);
  requireShape(packed, [rows, blocks, (block * bits) / 8], `the packed weight of ${columns} columns`);
  requireShape(scales, [rows, blocks], 'the scales');
  if (zeros) requireShape(zeros, [rows, Math.ceil((blocks * bits) / 8)], 'the zero points');
  return { dtype: scales.dtype, shape: [rows, columns] };
}

/** Number `index` of a run of packed numbers. */
export function unpackNumber(packed: ArrayLike<number>, start: number, index: number, bits: number): number {
  if (bits === 8) return packed[start + index] ?? 0;
  const byte = packed[start + (index >> 1)] ?? 0;
  return index % 2 === 0 ? byte & 15 : byte >> 4;
}

/** How weights are quantised. Without zero points the numbers are symmetric around 2^(bits−1). */
export interface Quantization {
  readonly bits: 4 | 8;
  readonly block: number;
  readonly zeroPoints: boolean;
}

/** The parts of a quantised weight: their names, beside that of the weight, and their shapes. */
export interface QuantizedParts {
  readonly packed: QuantizedPart;
  readonly scales: QuantizedPart;
  readonly zeros: QuantizedPart | undefined;
}

export interface QuantizedPart {
  readonly name: string;
  readonly shape: readonly number[];
}

/** `lm_head.weight` [rows columns] becomes `lm_head.weight_q4`, `lm_head.weight_scales` and `lm_head.weight_zeros`. */
export function quantizedParts(
  weight: string,
  [rows, columns]: readonly [rows: number, columns: number],
  { bits, block, zeroPoints }: Quantization,
): QuantizedParts {
  const blocks = Math.ceil(columns / block);
  return {
    packed: { name: `${weight}_q${bits}`, shape: [rows, blocks, (block * bits) / 8] },
    scales: { name: `${weight}_scales`, shape: [rows, blocks] },
    zeros: zeroPoints ? { name: `${weight}_zeros`, shape: [rows, Math.ceil((blocks * bits) / 8)] } : undefined,
  };
}
