import type { DType } from './dtype.ts';
import { roundToBf16, roundToF16 } from './round.ts';

/**
 * A tensor in memory, row-major. Floats are Float32Array whatever the dtype (f16 and bf16 hold values rounded to it);
 * i32 is Int32Array; i64 is Float64Array of integers (exact to 2^53); u8 and bool are Uint8Array.
 */
export interface HostTensor {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly data: TensorData;
}

export type TensorData = Float32Array | Int32Array | Uint8Array | Float64Array;

export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

export function allocate(dtype: DType, count: number): TensorData {
  switch (dtype) {
    case 'i32':
      return new Int32Array(count);
    case 'i64':
      return new Float64Array(count);
    case 'u8':
    case 'bool':
      return new Uint8Array(count);
    default:
      return new Float32Array(count);
  }
}

/** A tensor whose element `i` is `valueAt(i)`, rounded to the dtype. */
export function makeTensor(dtype: DType, shape: readonly number[], valueAt: (index: number) => number): HostTensor {
  const data = allocate(dtype, elementCount(shape));
  const round = dtype === 'f16' ? roundToF16 : dtype === 'bf16' ? roundToBf16 : undefined;
  for (let i = 0; i < data.length; i++) data[i] = round ? round(valueAt(i)) : valueAt(i);
  return { dtype, shape, data };
}

/** A tensor of given values. Throws RangeError when their number does not fit the shape. */
export function tensorOf(dtype: DType, shape: readonly number[], values: ArrayLike<number>): HostTensor {
  if (values.length !== elementCount(shape)) {
    throw new RangeError(`${values.length} values for a tensor ${dtype}[${shape.join(' ')}]`);
  }
  return makeTensor(dtype, shape, (i) => values[i] ?? 0);
}

/** Row-major strides in elements. */
export function stridesOf(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length);
  let stride = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = stride;
    stride *= shape[axis] ?? 1;
  }
  return strides;
}
