import { dtypeBytes } from '@casement/ir';
import { type Converted, convert } from './convert.ts';
import { countNonFinite } from './countNonFinite.ts';
import { reasonOf, WeightError } from './error.ts';
import { type PlacedTensor, tensorBytes } from './planShards.ts';
import type { ShardFileWriter } from './shardFileWriter.ts';
import type { ShardTensor } from './shardTensor.ts';

export interface WriteProgress {
  /** The tensor at work. */
  readonly tensor: string;
  /** Of all shards, headers not counted. */
  readonly bytesDone: number;
  readonly bytesTotal: number;
}

/** Values of a tensor that deserve a warning. */
export interface UnusualValues {
  readonly tensor: string;
  /** NaN and infinities that were in the data. */
  readonly nan: number;
  readonly infinite: number;
  /** Finite values that the conversion made infinite. */
  readonly overflowed: number;
}

export interface TensorCopier {
  /** Of the tensors copied so far. */
  readonly unusual: readonly UnusualValues[];
  /** @throws WeightError when the stream does not fit the shape or cannot be converted; the signal's reason on abort */
  run(placed: PlacedTensor<ShardTensor>, writer: ShardFileWriter): Promise<void>;
}

export interface CopyOptions {
  /** Called after every chunk. */
  readonly onProgress?: (progress: WriteProgress) => void;
  /** Stops between two chunks. */
  readonly signal?: AbortSignal;
}

/**
 * Moves one tensor after another from its stream to a file; keeps the count over all of them.
 *
 * @param bytesTotal of all tensors to come, for the progress
 */
export function tensorCopier(bytesTotal: number, { onProgress, signal }: CopyOptions): TensorCopier {
  const unusual: UnusualValues[] = [];
  let bytesBefore = 0;

  const run = async ({ tensor, byteLength }: PlacedTensor<ShardTensor>, writer: ShardFileWriter) => {
    const { name, streamDtype } = tensor;
    const count = { nan: 0, infinite: 0, overflowed: 0 };
    let written = 0;
    for await (const chunk of tensor.stream()) {
      signal?.throwIfAborted();
      const { bytes, overflowed } = convertChunk(chunk, tensor);
      const { nan, infinite } = countNonFinite(chunk, streamDtype);
      count.nan += nan;
      count.infinite += infinite;
      count.overflowed += overflowed;
      written += bytes.byteLength;
      if (written > byteLength) throw wrongLength(tensor, 'more');
      await writer.write(bytes);
      onProgress?.({ tensor: name, bytesDone: bytesBefore + written, bytesTotal });
    }
    if (written !== byteLength) throw wrongLength(tensor, `only ${written}`);
    bytesBefore += byteLength;
    if (count.nan + count.infinite + count.overflowed > 0) unusual.push({ tensor: name, ...count });
  };
  return { unusual, run };
}

function convertChunk(chunk: Uint8Array, { name, streamDtype, dtype }: ShardTensor): Converted {
  if (chunk.byteLength % dtypeBytes(streamDtype) !== 0) {
    throw new WeightError(
      `Tensor "${name}": its stream gave a chunk of ${chunk.byteLength} bytes, which splits an element of ${streamDtype}.`,
    );
  }
  try {
    return convert(chunk, streamDtype, dtype);
  } catch (error) {
    throw new WeightError(`Tensor "${name}": ${reasonOf(error)}`, { cause: error });
  }
}

function wrongLength(tensor: ShardTensor, gave: string): WeightError {
  const { name, dtype, shape } = tensor;
  return new WeightError(
    `Tensor "${name}", ${dtype} [${shape.join(', ')}], takes ${tensorBytes(tensor)} bytes, but its stream gave ${gave}.`,
  );
}
