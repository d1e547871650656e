import { WeightError } from './error.ts';
import { nearestNames } from './nearest.ts';
import type { StoredTensor, TensorInfo } from './source.ts';
import { readableDType, readableNames } from './storedDType.ts';

/** Looks a tensor up by name, or says which names come near. */
export function findTensor<T>(tensors: ReadonlyMap<string, T>, name: string, origin: string): T {
  const found = tensors.get(name);
  if (found !== undefined) return found;
  const nearest = nearestNames(name, [...tensors.keys()]);
  const hint = nearest.length > 0 ? ` Did you mean ${nearest.map((near) => `"${near}"`).join(', ')}?` : '';
  throw new WeightError(`${origin} has no tensor "${name}".${hint}`);
}

/** Turns a listed tensor into one that can be read, or refuses an element type that Casement lacks. */
export function readableInfo(tensor: StoredTensor, file: string | undefined, byteOffset: number): TensorInfo {
  const { name, shape, byteLength, storedDtype } = tensor;
  const dtype = readableDType(storedDtype);
  if (dtype === undefined) {
    throw new WeightError(
      `${file}: tensor "${name}" is stored as ${storedDtype}, which Casement does not read (it reads ${readableNames()}). Convert the checkpoint first.`,
    );
  }
  return { name, dtype, shape, file, byteOffset, byteLength };
}

/** The largest multiple of 8 within `chunkBytes`, so that no chunk splits an element of any type. */
export function wholeElementChunk(chunkBytes: number): number {
  if (!(chunkBytes >= 8)) throw new RangeError(`chunkBytes must be at least 8, got ${chunkBytes}.`);
  return Math.floor(chunkBytes / 8) * 8;
}
