import { type DType, isFloat, productDims, type StateDecl } from '@casement/ir';

/**
 * How elements lie in a buffer: one to a word, or packed as files hold them (`f16x2`: two halves to a u32, the first
 * one in the low bits).
 */
export type Storage = 'f32' | 'i32' | 'u32' | 'f16x2' | 'bf16x2' | 'u8x4';

/** The type an element has in a kernel. */
type Register = 'f32' | 'i32' | 'u32';

interface StorageInfo {
  readonly register: Register;
  readonly perWord: 1 | 2 | 4;
}

const STORAGES: Record<Storage, StorageInfo> = {
  f32: { register: 'f32', perWord: 1 },
  i32: { register: 'i32', perWord: 1 },
  u32: { register: 'u32', perWord: 1 },
  f16x2: { register: 'f32', perWord: 2 },
  bf16x2: { register: 'f32', perWord: 2 },
  u8x4: { register: 'u32', perWord: 4 },
};

export function storageInfo(storage: Storage): StorageInfo {
  return STORAGES[storage];
}

/** Bytes of `count` elements, in whole words; one at least, since WebGPU binds nothing smaller. */
export function storageBytes(storage: Storage, count: number): number {
  return 4 * Math.max(1, Math.ceil(count / STORAGES[storage].perWord));
}

/** Activations, inputs and outputs take a word per element. */
export function activationStorage(dtype: DType): Storage {
  if (isFloat(dtype)) return 'f32';
  return dtype === 'i32' ? 'i32' : 'u32';
}

/** Weights stay as they are in their file. */
export function weightStorage(dtype: DType): Storage {
  if (dtype === 'f16') return 'f16x2';
  if (dtype === 'bf16') return 'bf16x2';
  return dtype === 'u8' || dtype === 'bool' ? 'u8x4' : activationStorage(dtype);
}

/**
 * Half-precision states are packed where what `append` adds begins and ends at a word: when a position has an even
 * number of elements. Others take a word per element.
 */
export function stateStorage({ type, axis }: StateDecl): Storage {
  const position = productDims(type.shape.slice(axis + 1));
  const packs = typeof position === 'number' && position % 2 === 0;
  return packs && (type.dtype === 'f16' || type.dtype === 'bf16')
    ? weightStorage(type.dtype)
    : activationStorage(type.dtype);
}
