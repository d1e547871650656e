import type { DType } from '@casement/ir';

/** A tensor as a checkpoint lists it, whether or not Casement can compute with its element type. */
export interface StoredTensor {
  readonly name: string;
  /** The element type as safetensors names it: `BF16`, `F8_E4M3`, … */
  readonly storedDtype: string;
  readonly shape: readonly number[];
  readonly byteLength: number;
}

/** A tensor that can be read, and where it lies. */
export interface TensorInfo {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
  /** Path of the file that holds it; undefined for a tensor in memory. */
  readonly file: string | undefined;
  /** From the start of the file. */
  readonly byteOffset: number;
  readonly byteLength: number;
}

/** Bytes per chunk of `stream` unless told otherwise: large enough for full disk speed, small beside any budget. */
export const DEFAULT_CHUNK_BYTES = 8 * 2 ** 20;

/** Named tensors that are read when asked for: one file, a sharded checkpoint, or memory. */
export interface TensorSource extends AsyncDisposable {
  /** What error texts call it: a path, or what a test said. */
  readonly origin: string;
  /** All tensors, in the order the checkpoint has them. */
  list(): readonly StoredTensor[];
  names(): string[];
  /** @throws WeightError for an unknown name (with the nearest ones) or an element type Casement does not read */
  info(name: string): TensorInfo;
  /** The tensor's exact bytes, little-endian, row-major, at the start of a buffer of their own. Throws as `info`. */
  read(name: string): Promise<Uint8Array<ArrayBuffer>>;
  /**
   * The same bytes in order, in fresh chunks of at most `chunkBytes` (default 8 MiB) that hold whole elements.
   * Throws as `info`, once the first chunk is asked for.
   */
  stream(name: string, chunkBytes?: number): AsyncIterable<Uint8Array<ArrayBuffer>>;
  /** Closes file handles; afterwards only `list`, `names` and `info` work. Closing twice is allowed. */
  close(): Promise<void>;
}
