import type { BufferSet } from '../buffers.ts';
import type { WeightCache } from '../cache/weightCache.ts';
import { RuntimeError } from '../error.ts';
import type { WeightsSpec } from '../format/manifest.ts';
import type { Upload } from '../format/plan.ts';
import type { Guard } from '../guard.ts';
import type { Source } from '../source/source.ts';
import { AlignedWriter } from './alignedWriter.ts';
import { type Piece, planPieces } from './pieces.ts';
import { readAhead } from './readAhead.ts';
import { type ReadPiece, readPiece } from './readPiece.ts';

export interface UploadProgress {
  /** Bytes on the device, of all; `cached` of them came out of the browser's cache. */
  readonly loaded: number;
  readonly cached: number;
  readonly total: number;
}

export interface UploadSource {
  readonly source: Source;
  /** Shards that it names are checked, piece by piece. */
  readonly weights: WeightsSpec | undefined;
  readonly cache: WeightCache | undefined;
  readonly guarded: Pick<Guard, 'signal' | 'watch'>;
}

/** Pieces that are read at the same time: they are what of the weights is in host memory. */
const READS_AT_ONCE = 4;

/** Reads weights and constants from their files into their buffers, a few pieces at a time. */
export async function uploadAll(
  device: GPUDevice,
  buffers: BufferSet,
  uploads: readonly Upload[],
  { source, weights, cache, guarded }: UploadSource,
  onProgress: (progress: UploadProgress) => void,
): Promise<void> {
  const total = uploads.reduce((sum, { byteLength }) => sum + byteLength, 0);
  const pieces = planPieces(uploads, weights?.shards ?? []);
  const writer = new AlignedWriter(device, buffers);
  const { signal } = guarded;
  const readOne = pieceReader(source, cache, signal);
  // A piece that fails must not wait for its turn while the ones before it hang.
  const read = (piece: Piece) => guarded.watch(readOne(piece));
  let [loaded, cached] = [0, 0];
  onProgress({ loaded, cached, total });
  for await (const [{ parts }, piece] of readAhead(pieces, READS_AT_ONCE, read)) {
    signal.throwIfAborted();
    const accepted = watchWrites(device, () => {
      for (const part of parts) writer.write(part, piece.bytes);
    });
    for (const part of parts) {
      loaded += part.length;
      if (piece.cached) cached += part.length;
    }
    // Without this the browser would hold every piece in its own staging memory at once.
    await Promise.all([accepted, device.queue.onSubmittedWorkDone()]);
    onProgress({ loaded, cached, total });
  }
}

/** Throws RuntimeError when the device has not taken what `write` gave it: writes say nothing themselves. */
async function watchWrites(device: GPUDevice, write: () => void): Promise<void> {
  device.pushErrorScope('validation');
  device.pushErrorScope('out-of-memory');
  write();
  const [full, invalid] = await Promise.all([device.popErrorScope(), device.popErrorScope()]);
  const way = 'on their way into their buffers';
  if (full) {
    throw new RuntimeError(
      'memory',
      `the device has no memory for weights ${way}: ${full.message}; close other pages that use the GPU`,
    );
  }
  if (invalid) throw new RuntimeError('validation', `the device refuses weights ${way}: ${invalid.message}`);
}

/** Reads ranges; where the source has none, keeps the file that is being read. */
function pieceReader(source: Source, cache: WeightCache | undefined, signal: AbortSignal) {
  let whole: { readonly file: string; readonly bytes: Promise<Uint8Array<ArrayBuffer>> } | undefined;
  const read = (file: string) => {
    if (whole?.file !== file) whole = { file, bytes: source.read(file, signal) };
    return whole.bytes;
  };
  const keeping = source.readRange ? source : { read };
  return (piece: Piece): Promise<ReadPiece> => readPiece(piece, keeping, cache, signal);
}
