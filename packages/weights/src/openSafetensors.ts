import { type FileHandle, open } from 'node:fs/promises';
import { explained, WeightError } from './error.ts';
import { type Header, headerLength, LENGTH_BYTES, parseHeader } from './header.ts';
import { DEFAULT_CHUNK_BYTES, type StoredTensor, type TensorInfo, type TensorSource } from './source.ts';
import { findTensor, readableInfo, wholeElementChunk } from './tensorIndex.ts';

/** One read call may not exceed 2³¹ − 1 bytes; a tensor may. */
const MAX_READ_BYTES = 2 ** 30;

/**
 * Opens a safetensors file: reads and checks its header, leaves the data on disk.
 * Format: https://github.com/huggingface/safetensors#format
 *
 * @throws WeightError when the file cannot be opened or its header does not describe it exactly
 */
export async function openSafetensors(path: string): Promise<SafetensorsFile> {
  const handle = await explained(`Cannot open ${path}`, open(path, 'r'));
  try {
    return new SafetensorsFile(path, handle, await readHeader(handle, path));
  } catch (error) {
    await handle.close();
    throw error;
  }
}

async function readHeader(handle: FileHandle, path: string): Promise<Header> {
  const { size } = await handle.stat();
  const first = await readExactly(handle, 0, Math.min(LENGTH_BYTES, size), path);
  const length = headerLength(first, path, size);
  return parseHeader(await readExactly(handle, LENGTH_BYTES, length, path), path, size);
}

/** An open safetensors file. Made by `openSafetensors`. */
export class SafetensorsFile implements TensorSource {
  readonly origin: string;
  /** The header's `__metadata__`. */
  readonly metadata: ReadonlyMap<string, string>;
  readonly #tensors: ReadonlyMap<string, StoredTensor & { readonly byteOffset: number }>;
  readonly #handle: FileHandle;
  #closed = false;

  constructor(path: string, handle: FileHandle, header: Header) {
    this.origin = path;
    this.metadata = header.metadata;
    this.#handle = handle;
    this.#tensors = new Map(
      header.entries.map(({ name, storedDtype, shape, begin, end }) => [
        name,
        { name, storedDtype, shape, byteLength: end - begin, byteOffset: header.dataStart + begin },
      ]),
    );
  }

  list(): readonly StoredTensor[] {
    return [...this.#tensors.values()];
  }

  names(): string[] {
    return [...this.#tensors.keys()];
  }

  info(name: string): TensorInfo {
    const tensor = findTensor(this.#tensors, name, this.origin);
    return readableInfo(tensor, this.origin, tensor.byteOffset);
  }

  async read(name: string): Promise<Uint8Array<ArrayBuffer>> {
    const { byteOffset, byteLength } = this.info(name);
    return readExactly(this.#openHandle(name), byteOffset, byteLength, this.origin, name);
  }

  async *stream(name: string, chunkBytes = DEFAULT_CHUNK_BYTES): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    const { byteOffset, byteLength } = this.info(name);
    const step = wholeElementChunk(chunkBytes);
    for (let done = 0; done < byteLength; done += step) {
      const length = Math.min(step, byteLength - done);
      yield await readExactly(this.#openHandle(name), byteOffset + done, length, this.origin, name);
    }
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#handle.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #openHandle(name: string): FileHandle {
    if (this.#closed) throw new WeightError(`Cannot read tensor "${name}": ${this.origin} has been closed.`);
    return this.#handle;
  }
}

async function readExactly(
  handle: FileHandle,
  position: number,
  length: number,
  path: string,
  tensor?: string,
): Promise<Uint8Array<ArrayBuffer>> {
  // Not zeroed: every byte is overwritten or an error is thrown. The slow kind has a buffer of its own, at offset 0.
  const bytes = new Uint8Array(Buffer.allocUnsafeSlow(length).buffer);
  let done = 0;
  while (done < length) {
    const part = Math.min(length - done, MAX_READ_BYTES);
    const { bytesRead } = await explained(`Cannot read ${path}`, handle.read(bytes, done, part, position + done));
    if (bytesRead === 0) {
      const what = tensor === undefined ? 'its header' : `tensor "${tensor}"`;
      throw new WeightError(
        `${path} shrank while it was read: ${what} needs ${length} bytes at byte ${position}, only ${done} are left.`,
      );
    }
    done += bytesRead;
  }
  return bytes;
}
