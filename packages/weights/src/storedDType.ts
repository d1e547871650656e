import type { DType } from '@casement/ir';

/**
 * Every element type of the safetensors format with its bits per element. Checkpoints may hold types that Casement
 * does not compute with (an FP8 scale, an F64 buffer): such files must still be listed and checked.
 */
const BITS: Readonly<Record<string, number>> = {
  F4: 4,
  F6_E2M3: 6,
  F6_E3M2: 6,
  BOOL: 8,
  U8: 8,
  I8: 8,
  F8_E4M3: 8,
  F8_E5M2: 8,
  F8_E8M0: 8,
  F8_E4M3FNUZ: 8,
  F8_E5M2FNUZ: 8,
  I16: 16,
  U16: 16,
  F16: 16,
  BF16: 16,
  I32: 32,
  U32: 32,
  F32: 32,
  I64: 64,
  U64: 64,
  F64: 64,
  C64: 64,
};

const STORED: Readonly<Record<DType, string>> = {
  f32: 'F32',
  f16: 'F16',
  bf16: 'BF16',
  i32: 'I32',
  i64: 'I64',
  u8: 'U8',
  bool: 'BOOL',
};

const READ: ReadonlyMap<string, DType> = new Map(
  // Object.entries forgets the key type of a full Record.
  (Object.entries(STORED) as [DType, string][]).map(([dtype, stored]) => [stored, dtype]),
);

/** The name safetensors gives an element type: `bf16` → `BF16`. */
export function storedName(dtype: DType): string {
  return STORED[dtype];
}

/** The element type behind a safetensors name, or undefined where Casement has none. */
export function readableDType(stored: string): DType | undefined {
  return READ.get(stored);
}

/** Bits of one element, or undefined for a name the format does not know (yet). */
export function storedBits(stored: string): number | undefined {
  return Object.hasOwn(BITS, stored) ? BITS[stored] : undefined;
}

/** The names Casement reads, for error texts. */
export function readableNames(): string {
  return [...READ.keys()].join(', ');
}
