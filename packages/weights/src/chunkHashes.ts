import { createHash } from 'node:crypto';

/** Hashes of a file's consecutive parts, so that a reader can check, keep or fetch again each of them alone. */
export interface ChunkHashes {
  /** Length of every part but the last. */
  readonly bytes: number;
  /** Hexadecimal, in order. */
  readonly sha256: readonly string[];
}

/** Large enough for few requests, small enough that a broken one costs little and several fit a browser's memory. */
const CHUNK_BYTES = 4 * 2 ** 20;

/** Hashes what it is given, part by part, however the input is cut. */
export function chunkHasher(): { update(bytes: Uint8Array): void; digest(): ChunkHashes } {
  const done: string[] = [];
  let hash = createHash('sha256');
  let filled = 0;
  const finishChunk = () => {
    done.push(hash.digest('hex'));
    hash = createHash('sha256');
    filled = 0;
  };
  return {
    update(bytes) {
      for (let at = 0; at < bytes.byteLength; ) {
        const part = bytes.subarray(at, at + CHUNK_BYTES - filled);
        hash.update(part);
        filled += part.byteLength;
        at += part.byteLength;
        if (filled === CHUNK_BYTES) finishChunk();
      }
    },
    digest() {
      if (filled > 0) finishChunk();
      return { bytes: CHUNK_BYTES, sha256: done };
    },
  };
}
