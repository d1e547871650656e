import type { DTypeName } from './format/manifest.ts';

/** A tensor in host memory, row-major. Floats of every dtype are Float32Array; bool and u8 are Uint8Array. */
export interface HostTensor {
  readonly dtype: DTypeName;
  readonly shape: readonly number[];
  readonly data: Float32Array | Int32Array | Uint8Array | Float64Array;
}

export type HostTensors = Readonly<Record<string, HostTensor>>;

type ArrayName = 'Float32Array' | 'Int32Array' | 'Uint8Array' | 'Float64Array';

const ARRAYS: Record<DTypeName, ArrayName> = {
  f32: 'Float32Array',
  f16: 'Float32Array',
  bf16: 'Float32Array',
  i32: 'Int32Array',
  i64: 'Float64Array',
  u8: 'Uint8Array',
  bool: 'Uint8Array',
};

/** The kind of array that holds elements of a dtype. */
export function arrayNameOf(dtype: DTypeName): ArrayName {
  return ARRAYS[dtype];
}

export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** Elements as kernels see them: four bytes each, floats as f32, bool and u8 as u32. */
export function toDevice({ dtype, data }: HostTensor): Float32Array | Int32Array | Uint32Array {
  if (arrayNameOf(dtype) === 'Uint8Array') return Uint32Array.from(data);
  return data as Float32Array | Int32Array; // checkInputs has compared the array with the dtype; no plan has i64
}

/** The opposite of `toDevice`; the result keeps `bytes`. */
export function fromDevice(dtype: DTypeName, shape: readonly number[], bytes: ArrayBuffer): HostTensor {
  switch (arrayNameOf(dtype)) {
    case 'Float32Array':
      return { dtype, shape, data: new Float32Array(bytes) };
    case 'Uint8Array':
      return { dtype, shape, data: Uint8Array.from(new Uint32Array(bytes)) };
    default:
      return { dtype, shape, data: new Int32Array(bytes) };
  }
}
