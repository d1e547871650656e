/** Element types of tensors. `bool` is stored as one byte (0 or 1), as safetensors does. */
export type DType = 'f32' | 'f16' | 'bf16' | 'i32' | 'i64' | 'u8' | 'bool';

export type FloatDType = 'f32' | 'f16' | 'bf16';

const BYTES: Record<DType, number> = { f32: 4, f16: 2, bf16: 2, i32: 4, i64: 8, u8: 1, bool: 1 };

export const DTYPES = Object.keys(BYTES) as readonly DType[]; // Object.keys forgets the key type of a full Record

/** Bytes of one element as stored in files and on the ONNX side. */
export function dtypeBytes(dtype: DType): number {
  return BYTES[dtype];
}

export function isFloat(dtype: DType): dtype is FloatDType {
  return dtype === 'f32' || dtype === 'f16' || dtype === 'bf16';
}

export function isDType(text: string): text is DType {
  return Object.hasOwn(BYTES, text);
}
