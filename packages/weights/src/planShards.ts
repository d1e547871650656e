import { type DType, dtypeBytes } from '@casement/ir';
import { shardFile } from './checkpointFiles.ts';
import { WeightError } from './error.ts';
import { LENGTH_BYTES } from './header.ts';
import { storedName } from './storedDType.ts';

/** What planning needs to know of a tensor. */
export interface TensorType {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
}

/** Where a tensor will lie. */
export interface PlacedTensor<T extends TensorType> {
  readonly tensor: T;
  /** From the start of the file. */
  readonly byteOffset: number;
  readonly byteLength: number;
}

/** One file, known to the byte before any data is read. */
export interface ShardPlan<T extends TensorType> {
  readonly file: string;
  /** Length field and header, padded so that the data starts at a multiple of 8. */
  readonly head: Uint8Array;
  readonly tensors: readonly PlacedTensor<T>[];
  readonly bytes: number;
}

/**
 * Distributes tensors over shards in their order (a layer stays together) and lays out each file. Inside a shard,
 * types with larger elements come first: the format forbids gaps, so this is what keeps every tensor aligned to its
 * element size.
 *
 * @param maxShardBytes of tensor data; a larger tensor gets a shard of its own
 * @throws WeightError when two tensors have one name
 */
export function planShards<T extends TensorType>(
  tensors: readonly T[],
  maxShardBytes: number,
  metadata: Readonly<Record<string, string>>,
): ShardPlan<T>[] {
  checkNames(tensors);
  const groups = splitBySize(tensors, maxShardBytes);
  return groups.map((group, index) => layOut(shardFile(index, groups.length), group, metadata));
}

export function tensorBytes({ dtype, shape }: TensorType): number {
  return shape.reduce((product, size) => product * size, dtypeBytes(dtype));
}

function checkNames(tensors: readonly TensorType[]): void {
  const seen = new Set<string>();
  for (const { name } of tensors) {
    if (seen.has(name)) throw new WeightError(`Two tensors named "${name}" cannot go into one checkpoint.`);
    if (name === '__metadata__')
      throw new WeightError('A tensor cannot be named "__metadata__": the format reserves it.');
    seen.add(name);
  }
}

function splitBySize<T extends TensorType>(tensors: readonly T[], maxShardBytes: number): T[][] {
  let group: T[] = [];
  const groups = [group];
  let room = maxShardBytes;
  for (const tensor of tensors) {
    const size = tensorBytes(tensor);
    if (size > room && group.length > 0) {
      group = [];
      groups.push(group);
      room = maxShardBytes;
    }
    group.push(tensor);
    room -= size;
  }
  return groups;
}

function layOut<T extends TensorType>(
  file: string,
  group: readonly T[],
  metadata: Readonly<Record<string, string>>,
): ShardPlan<T> {
  const ordered = group.toSorted((a, b) => dtypeBytes(b.dtype) - dtypeBytes(a.dtype));
  const entries: [string, unknown][] = Object.keys(metadata).length > 0 ? [['__metadata__', metadata]] : [];
  let end = 0;
  const spans = ordered.map((tensor) => {
    const begin = end;
    end += tensorBytes(tensor);
    const { name, dtype, shape } = tensor;
    entries.push([name, { dtype: storedName(dtype), shape, data_offsets: [begin, end] }]);
    return { tensor, begin, byteLength: end - begin };
  });
  const head = encodeHead(entries);
  const tensors = spans.map(({ tensor, begin, byteLength }) => ({
    tensor,
    byteOffset: head.byteLength + begin,
    byteLength,
  }));
  return { file, head, tensors, bytes: head.byteLength + end };
}

function encodeHead(entries: readonly [string, unknown][]): Uint8Array {
  // Written entry by entry: an object would move names that look like integers to the front.
  const json = `{${entries.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`).join(',')}}`;
  const text = new TextEncoder().encode(json);
  const padded = Math.ceil(text.byteLength / 8) * 8;
  const head = new Uint8Array(LENGTH_BYTES + padded).fill(0x20); // spaces, which JSON ignores
  new DataView(head.buffer).setBigUint64(0, BigInt(padded), true);
  head.set(text, LENGTH_BYTES);
  return head;
}
