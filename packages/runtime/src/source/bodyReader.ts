import { reasonOf } from '../error.ts';
import { TransientError } from './retry.ts';

/** Reads the body of a response in pieces of one's own choice, holding no more than the network gave last. */
export class BodyReader {
  private readonly reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  private rest = new Uint8Array(0);
  /** Bytes that were taken out. */
  position = 0;

  constructor(body: ReadableStream<Uint8Array> | null) {
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

  /** Closes the connection if the body is not at its end. */
  cancel(): void {
    this.reader?.cancel().catch(() => {}); // a broken connection needs no closing
  }

  private async take(count: number, use: (part: Uint8Array, at: number) => void): Promise<number> {
    let taken = 0;
    while (taken < count) {
      if (this.rest.byteLength === 0 && !(await this.receive())) break;
      const part = this.rest.subarray(0, count - taken);
      use(part, taken);
      this.rest = this.rest.subarray(part.byteLength);
      taken += part.byteLength;
      this.position += part.byteLength;
    }
    return taken;
  }

  private async receive(): Promise<boolean> {
    const next = await this.reader?.read().catch((cause: unknown) => {
      throw new TransientError(`the connection broke: ${reasonOf(cause)}`, { cause });
    });
    if (next === undefined || next.done) return false;
    this.rest = new Uint8Array(next.value.buffer as ArrayBuffer, next.value.byteOffset, next.value.byteLength); // never shared
    return true;
  }
}
