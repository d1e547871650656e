import { reasonOf } from '../error.ts';
import { TransientError, unlessSilent } from './retry.ts';

/** Reads the body of a response in pieces of one's own choice, holding no more than the network gave last. */
export class BodyReader {
  private readonly reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  private left = new Uint8Array(0);
  /** Bytes that were taken out. */
  position = 0;

  /** `silence`: milliseconds without a byte after which the connection counts as broken. */
  constructor(
    body: ReadableStream<Uint8Array> | null,
    private readonly silence: number,
  ) {
    this.reader = body?.getReader();
  }

  /** Puts the next bytes into `target` and returns how many: fewer than fit only at the body's end. */
  fill(target: Uint8Array): Promise<number> {
    return this.take(target.byteLength, (part, at) => target.set(part, at));
  }

  /** Throws away the next `count` bytes. */
  skip(count: number): Promise<number> {
    return this.take(count, () => {});
  }

  /** All that is still to come. */
  async rest(): Promise<Uint8Array<ArrayBuffer>> {
    const parts: Uint8Array[] = [];
    let length = 0;
    while (this.left.byteLength > 0 || (await this.receive())) {
      parts.push(this.left);
      length += this.left.byteLength;
      this.left = new Uint8Array(0);
    }
    this.position += length;
    const all = new Uint8Array(length);
    let at = 0;
    for (const part of parts) {
      all.set(part, at);
      at += part.byteLength;
    }
    return all;
  }

  /** Closes the connection if the body is not at its end. */
  cancel(): void {
    this.reader?.cancel().catch(() => {}); // a broken connection needs no closing
  }

  private async take(count: number, use: (part: Uint8Array, at: number) => void): Promise<number> {
    let taken = 0;
    while (taken < count) {
      if (this.left.byteLength === 0 && !(await this.receive())) break;
      const part = this.left.subarray(0, count - taken);
      use(part, taken);
      this.left = this.left.subarray(part.byteLength);
      taken += part.byteLength;
      this.position += part.byteLength;
    }
    return taken;
  }

  private async receive(): Promise<boolean> {
    const reading = this.reader?.read().catch((cause: unknown) => {
      throw new TransientError(`the connection broke: ${reasonOf(cause)}`, { cause });
    });
    const next = reading && (await unlessSilent(this.silence, reading, () => this.cancel()));
    if (next === undefined || next.done) return false;
    this.left = new Uint8Array(next.value.buffer as ArrayBuffer, next.value.byteOffset, next.value.byteLength); // never shared
    return true;
  }
}
