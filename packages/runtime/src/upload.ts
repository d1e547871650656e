import type { BufferSet } from './buffers.ts';
import { RuntimeError } from './error.ts';
import type { Upload } from './format/plan.ts';
import type { Source } from './source.ts';

export interface LoadProgress {
  /** Bytes of weights that are on the device, of all. */
  readonly loaded: number;
  readonly total: number;
}

export interface UploadOptions {
  readonly onProgress?: ((progress: LoadProgress) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Host memory that one read may take. A multiple of 4, so that parts of an upload stay aligned in their buffer. */
const READ_BYTES = 16 * 2 ** 20;

/** Reads weights and constants from their files into their buffers, a few megabytes at a time. */
export async function uploadAll(
  device: GPUDevice,
  buffers: BufferSet,
  uploads: readonly Upload[],
  source: Source,
  { onProgress, signal }: UploadOptions,
): Promise<void> {
  const total = uploads.reduce((sum, { byteLength }) => sum + byteLength, 0);
  const read = fileReader(source, signal);
  let loaded = 0;
  for (const parts of groupReads(uploads)) {
    const [first, last] = [parts[0], parts.at(-1)];
    if (first === undefined || last === undefined) continue;
    const bytes = await read(first.file, first.byteOffset, last.byteOffset + last.byteLength - first.byteOffset);
    signal?.throwIfAborted();
    for (const part of parts) {
      const from = part.byteOffset - first.byteOffset;
      writePadded(device, buffers.get(part.buffer), part.offset, bytes.subarray(from, from + part.byteLength));
      loaded += part.byteLength;
    }
    // Without this the browser would hold every chunk in its own staging memory at once.
    await device.queue.onSubmittedWorkDone();
    onProgress?.({ loaded, total });
  }
}

/** Uploads in the order of their files, cut and joined so that each group is one contiguous read. */
function groupReads(uploads: readonly Upload[]): Upload[][] {
  const parts = uploads.flatMap(cut);
  parts.sort((a, b) => (a.file === b.file ? a.byteOffset - b.byteOffset : a.file < b.file ? -1 : 1));
  const groups: Upload[][] = [];
  for (const part of parts) {
    const group = groups.at(-1);
    const [first, last] = [group?.[0], group?.at(-1)];
    const adjacent = last?.file === part.file && last.byteOffset + last.byteLength === part.byteOffset;
    const span = part.byteOffset + part.byteLength - (first?.byteOffset ?? 0);
    if (group && adjacent && span <= READ_BYTES) group.push(part);
    else groups.push([part]);
  }
  return groups;
}

function cut(upload: Upload): Upload[] {
  return Array.from({ length: Math.ceil(upload.byteLength / READ_BYTES) }, (_, i) => {
    const from = i * READ_BYTES;
    return {
      ...upload,
      byteOffset: upload.byteOffset + from,
      byteLength: Math.min(READ_BYTES, upload.byteLength - from),
      offset: upload.offset + from,
    };
  });
}

/** Reads ranges; where the source has none, keeps the file that is being read. */
function fileReader(source: Source, signal: AbortSignal | undefined) {
  let whole: { readonly file: string; readonly bytes: Uint8Array } | undefined;
  return async (file: string, offset: number, length: number): Promise<Uint8Array> => {
    let bytes: Uint8Array;
    if (source.readRange) bytes = await source.readRange(file, offset, length, signal);
    else {
      if (whole?.file !== file) whole = { file, bytes: await source.read(file, signal) };
      bytes = whole.bytes.subarray(offset, offset + length);
    }
    if (bytes.byteLength === length) return bytes;
    throw new RuntimeError(
      'source',
      `${file} is too short: ${length} bytes are needed from ${offset} on, ${bytes.byteLength} came; build it again`,
    );
  };
}

/** WebGPU writes multiples of four bytes; ranges are padded to 256, so the extra bytes hit nobody. */
function writePadded(device: GPUDevice, buffer: GPUBuffer, offset: number, bytes: Uint8Array): void {
  const padded = new Uint8Array(Math.ceil(bytes.byteLength / 4) * 4);
  const whole = bytes.byteLength % 4 === 0;
  if (!whole) padded.set(bytes);
  device.queue.writeBuffer(buffer, offset, whole ? (bytes as Uint8Array<ArrayBuffer>) : padded);
}
