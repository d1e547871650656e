import { dtypeBytes, type FloatDType, isFloat, type Quantization, quantizedParts } from '@casement/ir';
import { decodeFloats } from '../convert.ts';
import { WeightError } from '../error.ts';
import type { ShardTensor } from '../shardTensor.ts';
import { DEFAULT_CHUNK_BYTES, type TensorSource } from '../source.ts';
import { type BlockScales, blockScales } from './blockScales.ts';
import { type ErrorSums, packRows, packZeros } from './packRows.ts';

/** What quantising did to a weight. */
export interface QuantizationError {
  readonly name: string;
  readonly bits: 4 | 8;
  readonly block: number;
  readonly zeroPoints: boolean;
  readonly shape: readonly [rows: number, columns: number];
  /** √(Σ error² / Σ value²). */
  readonly relativeRms: number;
  readonly largestError: number;
}

export interface QuantizedTensorOptions {
  /** Name of the weight in the model; its parts are named after it. */
  readonly name: string;
  readonly how: Quantization;
  /** Of the scales. */
  readonly dtype: FloatDType;
  /** Called when all of the weight is packed. */
  readonly onError?: (error: QuantizationError) => void;
}

/**
 * A matrix of a checkpoint as the tensors to write for its quantised form: scales, zero points if any, packed numbers.
 * Rows are read, twice, in chunks; between the first and the last of the tensors only scales are held in memory. The
 * order in which they are written does not matter, but scales written after the numbers are computed twice.
 *
 * @throws WeightError when the tensor is no matrix of floats
 */
export function quantizedTensors(source: TensorSource, tensor: string, options: QuantizedTensorOptions): ShardTensor[] {
  const { name, how, dtype, onError } = options;
  const info = source.info(tensor);
  const [rows, columns] = info.shape;
  if (rows === undefined || columns === undefined || info.shape.length !== 2 || !isFloat(info.dtype)) {
    throw new WeightError(
      `Tensor "${tensor}", ${info.dtype} [${info.shape.join(', ')}], is no matrix of floats to quantise.`,
    );
  }
  const rowsOf = () => wholeRows(source, tensor, info.dtype as FloatDType, columns); // isFloat above
  const blocks = Math.ceil(columns / how.block);
  const parts = quantizedParts(name, [rows, columns], how);
  /** Chunk by chunk, in the order of `rowsOf`, from when they are first known until the numbers are packed. */
  let chosen: BlockScales[] | undefined;
  let isPacked = false;

  async function* choose(): AsyncGenerator<BlockScales> {
    const chunks: BlockScales[] = [];
    for await (const values of rowsOf()) {
      const chunk = blockScales(values, columns as number, how, dtype); // seen above
      chunks.push(chunk);
      yield chunk;
    }
    if (!isPacked) chosen = chunks;
  }

  async function* choices(): AsyncGenerator<BlockScales> {
    if (chosen) yield* chosen;
    else yield* choose();
  }

  async function* scales(): AsyncGenerator<Uint8Array> {
    for await (const chunk of choices()) yield new Uint8Array(chunk.scales.buffer);
  }

  async function* zeros(): AsyncGenerator<Uint8Array> {
    for await (const chunk of choices()) yield packZeros(chunk.zeros, blocks, how.bits);
  }

  async function* packed(): AsyncGenerator<Uint8Array> {
    const sums: ErrorSums = { values: 0, squares: 0, squaredErrors: 0, largestError: 0 };
    const given = choices();
    for await (const values of rowsOf()) {
      const { value: chunk } = await given.next();
      if (chunk) yield packRows(values, columns as number, how, chunk, sums);
    }
    isPacked = true;
    chosen = undefined;
    const relativeRms = sums.squares === 0 ? 0 : Math.sqrt(sums.squaredErrors / sums.squares);
    const shape = [rows as number, columns as number] as const;
    onError?.({ name, ...how, shape, relativeRms, largestError: sums.largestError });
  }

  return [
    { ...parts.scales, dtype, streamDtype: 'f32', stream: scales },
    ...(parts.zeros ? [{ ...parts.zeros, dtype: 'u8', streamDtype: 'u8', stream: zeros } as const] : []),
    { ...parts.packed, dtype: 'u8', streamDtype: 'u8', stream: packed },
  ];
}

/** The rows of a matrix in chunks of about 8 MiB of numbers. */
async function* wholeRows(
  source: TensorSource,
  tensor: string,
  dtype: FloatDType,
  columns: number,
): AsyncGenerator<Float32Array> {
  // Streams give chunks of just this size where it is a multiple of 8 bytes.
  const rowBytes = 8 * columns * dtypeBytes(dtype);
  const chunkBytes = Math.max(1, Math.floor(DEFAULT_CHUNK_BYTES / rowBytes)) * rowBytes;
  for await (const bytes of source.stream(tensor, chunkBytes)) yield decodeFloats(bytes, dtype);
}
