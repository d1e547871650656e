import type { WeightCache } from '../cache/weightCache.ts';
import { RuntimeError } from '../error.ts';
import { sha256 } from '../sha256.ts';
import type { Source } from '../source/source.ts';
import type { Piece } from './pieces.ts';

export interface ReadPiece {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Whether they came out of the cache. */
  readonly cached: boolean;
}

/**
 * Reads a piece from the cache, or from the source into the cache, and checks its hash. What is damaged is dropped and
 * read again once; a file that stays damaged is an error. Throws RuntimeError, or the signal's reason.
 */
export async function readPiece(
  piece: Piece,
  source: Source,
  cache: WeightCache | undefined,
  signal: AbortSignal,
): Promise<ReadPiece> {
  const hash = piece.sha256;
  if (hash === undefined) return { bytes: await readWhole(piece, source, signal), cached: false };
  const kept = await cache?.get(hash);
  if (kept && (await sha256(kept)) === hash) return { bytes: kept, cached: true };
  if (kept) await cache?.drop(hash);
  for (const last of [false, true]) {
    const bytes = await readWhole(piece, source, signal);
    if ((await sha256(bytes)) === hash) {
      await cache?.put(hash, bytes);
      return { bytes, cached: false };
    }
    if (last) break;
  }
  throw new RuntimeError(
    'corrupt',
    `${piece.file}: bytes ${piece.offset} … ${piece.offset + piece.length} are not what was built (their sha256 ` +
      'differs); upload the artifact again, all files of one build',
  );
}

async function readWhole(
  { file, offset, length }: Piece,
  source: Source,
  signal: AbortSignal,
): Promise<Uint8Array<ArrayBuffer>> {
  signal.throwIfAborted();
  const bytes = source.readRange
    ? await source.readRange(file, offset, length, signal)
    : (await source.read(file, signal)).subarray(offset, offset + length);
  if (bytes.byteLength === length) return bytes;
  throw new RuntimeError(
    'corrupt',
    `${file} is too short: ${length} bytes are needed from ${offset} on, ${bytes.byteLength} came; upload it again`,
  );
}
