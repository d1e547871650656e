import { type DType, dtypeBytes } from '@casement/ir';
import { WeightError } from './error.ts';
import { DEFAULT_CHUNK_BYTES, type StoredTensor, type TensorInfo, type TensorSource } from './source.ts';
import { storedName } from './storedDType.ts';
import { findTensor, readableInfo, wholeElementChunk } from './tensorIndex.ts';

/** A tensor in memory: little-endian, row-major bytes. */
export interface MemoryTensor {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly data: Uint8Array;
}

/**
 * Tensors in memory behind the interface of a checkpoint. `read` and `stream` give copies.
 *
 * @param origin what error texts call it
 * @throws WeightError when a tensor's bytes do not fit its dtype and shape
 */
export function memorySource(tensors: ReadonlyMap<string, MemoryTensor>, origin = 'memory'): TensorSource {
  const listed = new Map<string, StoredTensor>();
  for (const [name, { dtype, shape, data }] of tensors) {
    const expected = shape.reduce((product, size) => product * size, dtypeBytes(dtype));
    if (data.byteLength !== expected) {
      throw new WeightError(
        `${origin}: tensor "${name}": ${dtype} [${shape.join(', ')}] takes ${expected} bytes, but its data has ${data.byteLength}.`,
      );
    }
    listed.set(name, { name, storedDtype: storedName(dtype), shape, byteLength: expected });
  }

  const info = (name: string): TensorInfo => readableInfo(findTensor(listed, name, origin), undefined, 0);
  const bytesOf = (name: string): Uint8Array => findTensor(tensors, name, origin).data;

  return {
    origin,
    list: () => [...listed.values()],
    names: () => [...listed.keys()],
    info,
    read: async (name) => new Uint8Array(bytesOf(name)),
    async *stream(name, chunkBytes = DEFAULT_CHUNK_BYTES) {
      const data = bytesOf(name);
      const step = wholeElementChunk(chunkBytes);
      for (let done = 0; done < data.byteLength; done += step) {
        yield new Uint8Array(data.subarray(done, done + step));
      }
    },
    close: async () => {},
    [Symbol.asyncDispose]: async () => {},
  };
}
