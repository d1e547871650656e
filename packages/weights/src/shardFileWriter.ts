import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { basename } from 'node:path';
import { type ChunkHashes, chunkHasher } from './chunkHashes.ts';
import { explained } from './error.ts';

/** What was written; the sha256, of the whole file, is in hexadecimal. */
export interface WrittenFile {
  readonly bytes: number;
  readonly sha256: string;
  readonly chunks: ChunkHashes;
}

/** Appends to a new file and hashes on the way. While one chunk is on its way to disk, the next can be made. */
export interface ShardFileWriter {
  /** Takes over `bytes`: they must not change afterwards. Resolves when the chunk before is written. */
  write(bytes: Uint8Array): Promise<void>;
  /** Writes what is left and closes. */
  finish(): Promise<WrittenFile>;
  /** Closes without finishing; never throws. */
  abandon(): Promise<void>;
}

/** @throws WeightError when the file exists or cannot be made or written */
export async function openShardFile(path: string): Promise<ShardFileWriter> {
  const failure = `Cannot write ${basename(path)}`;
  const handle = await explained(failure, open(path, 'wx'));
  const hash = createHash('sha256');
  const chunks = chunkHasher();
  let position = 0;
  let pending: Promise<unknown> = Promise.resolve();

  return {
    async write(bytes) {
      await explained(failure, pending);
      pending = writeFully(handle, bytes, position);
      pending.catch(() => {}); // reported by the next write; without this, a failure elsewhere would end the process
      position += bytes.byteLength;
      hash.update(bytes);
      chunks.update(bytes);
    },
    async finish() {
      await explained(failure, pending);
      await handle.close();
      return { bytes: position, sha256: hash.digest('hex'), chunks: chunks.digest() };
    },
    async abandon() {
      await pending.catch(() => {});
      await handle.close().catch(() => {});
    },
  };
}

async function writeFully(handle: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  let done = 0;
  while (done < bytes.byteLength) {
    const { bytesWritten } = await handle.write(bytes, done, bytes.byteLength - done, position + done);
    done += bytesWritten;
  }
}
