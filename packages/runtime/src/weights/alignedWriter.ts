import type { BufferSet } from '../buffers.ts';
import type { Upload } from '../format/plan.ts';
import type { UploadPart } from './pieces.ts';

/** WebGPU writes whole words to whole words. */
const WORD = 4;

/**
 * Writes uploads into their buffers part by part, in order. Files are cut anywhere: what does not fill a word waits for
 * the part that follows.
 */
export class AlignedWriter {
  private readonly waiting = new Map<Upload, Uint8Array<ArrayBuffer>>();

  constructor(
    private readonly device: GPUDevice,
    private readonly buffers: Pick<BufferSet, 'get'>,
  ) {}

  /** `piece`: the bytes in which the part lies. */
  write({ upload, inPiece, inUpload, length }: UploadPart, piece: Uint8Array<ArrayBuffer>): void {
    const before = this.waiting.get(upload);
    const part = piece.subarray(inPiece, inPiece + length);
    const bytes = before ? joined(before, part) : part;
    const end = inUpload + length === upload.byteLength;
    const whole = bytes.byteLength - (bytes.byteLength % WORD);
    const offset = upload.offset + inUpload - (before?.byteLength ?? 0);
    const buffer = this.buffers.get(upload.buffer);
    this.device.queue.writeBuffer(buffer, offset, bytes, 0, whole);
    this.waiting.delete(upload);
    if (whole === bytes.byteLength) return;
    const rest = bytes.slice(whole);
    // Ranges are padded to 256 bytes, so the zeros after the last one hit nobody.
    if (end) this.device.queue.writeBuffer(buffer, offset + whole, joined(rest, new Uint8Array(WORD)), 0, WORD);
    else this.waiting.set(upload, rest);
  }
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(first.byteLength + second.byteLength);
  bytes.set(first);
  bytes.set(second, first.byteLength);
  return bytes;
}
