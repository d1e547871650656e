import type { DTypeName } from '@casement/runtime';
import { Tensor } from 'onnxruntime-node';
import type { HostTensor } from '../executor.ts';
import { decodeHalves, encodeHalves } from './half.ts';

const TYPE_NAME = {
  f32: 'float32',
  f16: 'float16',
  i32: 'int32',
  i64: 'int64',
  u8: 'uint8',
  bool: 'bool',
} as const;

/** A tensor for ONNX Runtime, of the type that the model's input has (token ids may be int64 there). */
export function toOrt({ shape, data }: Pick<HostTensor, 'shape' | 'data'>, type: string): Tensor {
  switch (type) {
    case 'float32':
      return new Tensor(type, data instanceof Float32Array ? data : Float32Array.from(data), shape);
    case 'float16':
      return new Tensor(type, encodeHalves(data), shape);
    case 'int32':
      return new Tensor(type, data instanceof Int32Array ? data : Int32Array.from(data), shape);
    case 'int64':
      return new Tensor(type, BigInt64Array.from(data, BigInt), shape);
    case 'uint8':
    case 'bool':
      return new Tensor(type, data instanceof Uint8Array ? data : Uint8Array.from(data), shape);
    default:
      throw new TypeError(`the model wants a tensor of type ${type}, which no dtype is stored as`);
  }
}

/** A tensor without elements, to start a state with. */
export function emptyTensor(dtype: DTypeName, shape: readonly number[]): Tensor {
  if (dtype === 'bf16') throw new TypeError('onnxruntime-node has no bf16 tensors; build with dtype f32 or f16');
  return toOrt({ shape, data: new Float32Array(0) }, TYPE_NAME[dtype]);
}

/** An output as everyone else holds it; `dtype` is the signature's. */
export function fromOrt(tensor: Tensor, dtype: DTypeName): HostTensor {
  const shape = [...tensor.dims];
  return { dtype, shape, data: hostData(tensor) };
}

function hostData({ type, data }: Tensor): HostTensor['data'] {
  if (type === 'float16' && ArrayBuffer.isView(data)) {
    // Newer Nodes have Float16Array and get one; the bits are the same.
    return decodeHalves(new Uint16Array(data.buffer, data.byteOffset, data.byteLength / 2));
  }
  if (data instanceof BigInt64Array) return Float64Array.from(data, Number);
  if (data instanceof Float32Array || data instanceof Int32Array || data instanceof Uint8Array) return data;
  throw new TypeError(`the model gave a tensor of type ${type}, which no dtype is stored as`);
}

/** Zeros that tensors of a dtype can look into. */
export function allocate(dtype: DTypeName, count: number) {
  switch (dtype) {
    case 'f32':
      return { type: 'float32', data: new Float32Array(count) } as const;
    case 'f16':
      return { type: 'float16', data: new Uint16Array(count) } as const;
    default:
      throw new TypeError(`no cache in ONNX Runtime is ${dtype}; build with dtype f32 or f16`);
  }
}
