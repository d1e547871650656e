import { RuntimeError } from '../error.ts';
import type { ShardSpec } from '../format/manifest.ts';
import type { Upload } from '../format/plan.ts';

/** Bytes of a file that are read at once, and the uploads that get some of them. */
export interface Piece {
  readonly file: string;
  readonly offset: number;
  readonly length: number;
  /** Of these bytes; files that no manifest lists have none. */
  readonly sha256: string | undefined;
  readonly parts: readonly UploadPart[];
}

/** A part of an upload that lies within a piece. */
export interface UploadPart {
  readonly upload: Upload;
  /** First byte, counted from the start of the piece and of the upload. */
  readonly inPiece: number;
  readonly inUpload: number;
  readonly length: number;
}

/** Length of pieces of files without hashes. */
const DEFAULT_PIECE_BYTES = 4 * 2 ** 20;

/**
 * Cuts what the uploads need into pieces, file by file and in the order of the files. Pieces of shards are the chunks
 * that were hashed. Throws RuntimeError when a shard ends before an upload.
 */
export function planPieces(uploads: readonly Upload[], shards: readonly ShardSpec[]): Piece[] {
  const shardOf = new Map(shards.map((shard) => [shard.file, shard]));
  const byFile = new Map<string, Upload[]>();
  for (const upload of uploads) listed(byFile, upload.file).push(upload);
  return [...byFile].flatMap(([file, uploads]) => piecesOf(file, uploads, shardOf.get(file)));
}

function piecesOf(file: string, uploads: readonly Upload[], shard: ShardSpec | undefined): Piece[] {
  const size = shard?.chunks.bytes ?? DEFAULT_PIECE_BYTES;
  const end = shard?.bytes ?? Math.max(...uploads.map(({ byteOffset, byteLength }) => byteOffset + byteLength));
  const partsOf = new Map<number, UploadPart[]>();
  for (const upload of uploads) {
    const uploadEnd = upload.byteOffset + upload.byteLength;
    if (uploadEnd > end) throw shardTooShort(file, upload, end);
    for (let at = upload.byteOffset; at < uploadEnd; ) {
      const index = Math.floor(at / size);
      const stop = Math.min(uploadEnd, (index + 1) * size);
      const part = { upload, inPiece: at - index * size, inUpload: at - upload.byteOffset, length: stop - at };
      listed(partsOf, index).push(part);
      at = stop;
    }
  }
  const indices = [...partsOf.keys()].sort((a, b) => a - b);
  return indices.map((index) => {
    const offset = index * size;
    const length = Math.min(size, end - offset);
    return { file, offset, length, sha256: shard?.chunks.sha256[index], parts: partsOf.get(index) ?? [] };
  });
}

/** The list under a key, which is made when there is none. */
function listed<K, T>(lists: Map<K, T[]>, key: K): T[] {
  const list = lists.get(key) ?? [];
  lists.set(key, list);
  return list;
}

function shardTooShort(file: string, { byteOffset, byteLength }: Upload, end: number): RuntimeError {
  return new RuntimeError(
    'source',
    `the plan needs bytes ${byteOffset} … ${byteOffset + byteLength} of ${file}, which has ${end} according to the ` +
      'manifest: they come from two builds; build the artifact again, or upload all of it',
  );
}
