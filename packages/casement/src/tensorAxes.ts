import type { HostTensor } from '@casement/session';

/** Elements `start` … `end − 1` along an axis. Throws RangeError when they do not exist. */
export function sliceAlong(tensor: HostTensor, axis: number, start: number, end: number): HostTensor {
  const { dtype, shape, data } = tensor;
  const size = shape[axis];
  if (size === undefined || start < 0 || start > end || end > size) {
    throw new RangeError(`elements ${start} … ${end - 1} along axis ${axis} of [${shape.join(', ')}] do not exist`);
  }
  const inner = product(shape.slice(axis + 1));
  const outer = product(shape.slice(0, axis));
  const taken = like(data, outer * (end - start) * inner);
  for (let i = 0; i < outer; i++) {
    const from = (i * size + start) * inner;
    taken.set(data.subarray(from, from + (end - start) * inner), i * (end - start) * inner);
  }
  return { dtype, shape: shape.with(axis, end - start), data: taken };
}

/** Tensors of one dtype, one after another along an axis. Throws RangeError when their other sizes differ. */
export function joinAlong(parts: readonly [HostTensor, ...HostTensor[]], axis: number): HostTensor {
  const [first] = parts;
  const total = parts.reduce((sum, { shape }) => sum + (shape[axis] ?? 0), 0);
  const shape = first.shape.with(axis, total);
  const odd = parts.find((part) => part.shape.with(axis, total).join() !== shape.join() || part.dtype !== first.dtype);
  if (odd) {
    const [one, other] = [first, odd].map((part) => `${part.dtype}[${part.shape.join(', ')}]`);
    throw new RangeError(`${one} and ${other} cannot be joined along axis ${axis}`);
  }
  const inner = product(shape.slice(axis + 1));
  const outer = product(shape.slice(0, axis));
  const data = like(first.data, product(shape));
  let at = 0;
  for (let i = 0; i < outer; i++) {
    for (const part of parts) {
      const length = (part.shape[axis] ?? 0) * inner;
      data.set(part.data.subarray(i * length, (i + 1) * length), at);
      at += length;
    }
  }
  return { dtype: first.dtype, shape, data };
}

/** Tensors of one type along a new first axis. Throws RangeError when their types differ. */
export function stackTensors(parts: readonly [HostTensor, ...HostTensor[]]): HostTensor {
  const [first, ...rest] = parts.map((part) => ({ ...part, shape: [1, ...part.shape] }));
  return joinAlong([first as HostTensor, ...rest], 0); // there is a first of a tuple that has one
}

function product(sizes: readonly number[]): number {
  return sizes.reduce((total, size) => total * size, 1);
}

function like(data: HostTensor['data'], length: number): HostTensor['data'] {
  if (data instanceof Float32Array) return new Float32Array(length);
  if (data instanceof Int32Array) return new Int32Array(length);
  return data instanceof Uint8Array ? new Uint8Array(length) : new Float64Array(length);
}
