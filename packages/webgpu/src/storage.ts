import { type DType, isFloat, productDims, type StateDecl } from '@casement/ir';
import type { DeviceProfile } from './profile.ts';

/**
 * How elements lie in a buffer: each by itself (`f16` on devices that have `shader-f16`), or packed as files hold them
 * (`f16x2`: two halves to a u32, the first one in the low bits). `f16` and `f16x2` are the same bytes.
 */
export type Storage = 'f32' | 'i32' | 'u32' | 'f16' | 'f16x2' | 'bf16x2' | 'u8x4';

/** The type an element has in a kernel. */
type Register = 'f32' | 'i32' | 'u32';

interface StorageInfo {
  readonly register: Register;
  /** Of an element. */
  readonly bytes: 1 | 2 | 4;
  /** Elements share words that are read and written as a whole. */
  readonly packed: boolean;
}

const STORAGES: Record<Storage, StorageInfo> = {
  f32: { register: 'f32', bytes: 4, packed: false },
  i32: { register: 'i32', bytes: 4, packed: false },
  u32: { register: 'u32', bytes: 4, packed: false },
  f16: { register: 'f32', bytes: 2, packed: false },
  f16x2: { register: 'f32', bytes: 2, packed: true },
  bf16x2: { register: 'f32', bytes: 2, packed: true },
  u8x4: { register: 'u32', bytes: 1, packed: true },
};

export function storageInfo(storage: Storage): StorageInfo {
  return STORAGES[storage];
}

/** Bytes of `count` elements, in whole words; one at least, since WebGPU binds nothing smaller. */
export function storageBytes(storage: Storage, count: number): number {
  return 4 * Math.max(1, Math.ceil((count * STORAGES[storage].bytes) / 4));
}

/** What the host writes and reads (inputs and outputs), and constants: a word per element. */
export function hostStorage(dtype: DType): Storage {
  if (isFloat(dtype)) return 'f32';
  return dtype === 'i32' ? 'i32' : 'u32';
}

/** Values between kernels take a word per element, but for halves on devices that have them. */
export function activationStorage(dtype: DType, { features }: Pick<DeviceProfile, 'features'>): Storage {
  return dtype === 'f16' && features.has('shader-f16') ? 'f16' : hostStorage(dtype);
}

/** Weights stay as they are in their file. */
export function weightStorage(dtype: DType, { features }: Pick<DeviceProfile, 'features'>): Storage {
  if (dtype === 'f16') return features.has('shader-f16') ? 'f16' : 'f16x2';
  if (dtype === 'bf16') return 'bf16x2';
  return dtype === 'u8' || dtype === 'bool' ? 'u8x4' : hostStorage(dtype);
}

/**
 * Half-precision states are packed where what `append` adds begins and ends at a word: when a position has an even
 * number of elements. Others are stored like activations.
 */
export function stateStorage({ type, axis }: StateDecl, profile: Pick<DeviceProfile, 'features'>): Storage {
  const position = productDims(type.shape.slice(axis + 1));
  const packs = typeof position === 'number' && position % 2 === 0;
  return packs && (type.dtype === 'f16' || type.dtype === 'bf16')
    ? weightStorage(type.dtype, profile)
    : activationStorage(type.dtype, profile);
}
