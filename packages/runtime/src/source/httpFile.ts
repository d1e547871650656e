import { RuntimeError, reasonOf } from '../error.ts';
import { BodyReader } from './bodyReader.ts';
import { type RetryDelays, retry, TransientError } from './retry.ts';

/** Worth another try: timeouts, too many requests, and what servers and proxies say while they are unwell. */
const PASSING = new Set([408, 425, 429, 500, 502, 503, 504]);

/** A range that begins after the file's end: nothing comes, and the loader says what that means. */
const PAST_END = 416;

/**
 * A file on a server. Ranges are asked for one by one; from a server that ignores them the file is read once, from its
 * start on, as long as ranges are asked for in their order. Reads go on where a connection broke.
 */
export class HttpFile {
  /** Undefined until the server has answered. */
  private ranges: boolean | undefined;
  private version: string | undefined;
  private whole: BodyReader | undefined;
  private tail: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly url: string,
    private readonly delays: RetryDelays,
  ) {}

  /** The whole file. */
  async read(signal: AbortSignal | undefined): Promise<Uint8Array<ArrayBuffer>> {
    const none = () => 0;
    return retry(this.url, this.delays, signal, none, async () => {
      // Asks the server whether a copy that the browser holds is still right, so that files of two builds never mix.
      const response = await this.request({ cache: 'no-cache' }, signal);
      const bytes = response.arrayBuffer().catch((cause: unknown) => {
        throw new TransientError(`the connection broke: ${reasonOf(cause)}`, { cause });
      });
      return new Uint8Array(await bytes);
    });
  }

  /** `length` bytes from `offset` on, or fewer where the file ends. */
  readRange(offset: number, length: number, signal: AbortSignal | undefined): Promise<Uint8Array<ArrayBuffer>> {
    const target = new Uint8Array(length);
    let filled = 0;
    const attempt = async () => {
      const body = await this.bodyAt(offset + filled, offset + length, signal);
      const start = body.position;
      const rest = target.subarray(filled);
      try {
        await body.fill(rest);
      } catch (error) {
        this.whole = undefined;
        throw error;
      } finally {
        filled += body.position - start; // also what came before the connection broke
      }
      if (this.whole !== body) body.cancel();
      return target.subarray(0, filled);
    };
    return this.inTurn(() => retry(this.url, this.delays, signal, () => filled, attempt));
  }

  /** One after the other, until the server has shown that it gives ranges. */
  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.ranges) return work();
    const begun = this.tail.then(() => ({ result: work() }));
    this.tail = begun.then(({ result }) => (this.ranges ? undefined : result.catch(() => undefined)));
    return begun.then(({ result }) => result);
  }

  /** A body that stands at `from`. */
  private async bodyAt(from: number, end: number, signal: AbortSignal | undefined): Promise<BodyReader> {
    if (this.whole && this.whole.position <= from) {
      await this.whole.skip(from - this.whole.position);
      return this.whole;
    }
    // Weights are kept by the loader; the browser's own cache would hold them a second time.
    const response = await this.request({ cache: 'no-store', headers: { Range: `bytes=${from}-${end - 1}` } }, signal);
    const body = new BodyReader(response.status === PAST_END ? null : response.body);
    this.ranges = response.status !== 200;
    if (this.ranges) return body;
    this.whole = body;
    await body.skip(from);
    return body;
  }

  private async request(init: RequestInit, signal: AbortSignal | undefined): Promise<Response> {
    const response = await fetch(this.url, { ...init, ...(signal ? { signal } : {}) }).catch((cause: unknown) => {
      throw new TransientError(reasonOf(cause), { cause });
    });
    const { ok, status, statusText, headers } = response;
    if (!ok && status !== PAST_END) {
      const message = `the server says ${status} ${statusText}`.trimEnd();
      if (PASSING.has(status)) throw new TransientError(message);
      throw new RuntimeError('source', `cannot read ${this.url}: ${message}`);
    }
    if (/^text\/html\b/i.test(headers.get('content-type') ?? '')) {
      throw new RuntimeError('source', `cannot read ${this.url}: the server answers with a web page; is it there?`);
    }
    this.requireSameVersion(headers.get('etag'));
    return response;
  }

  /**
   * Not asked for with If-Range: from another origin that header takes a permission that few servers give. ETags are
   * compared where they can be seen; elsewhere the hashes tell.
   */
  private requireSameVersion(version: string | null): void {
    if (version === null) return;
    this.version ??= version;
    if (version === this.version) return;
    throw new RuntimeError('changed', `${this.url} was replaced while it was read; load the model again`);
  }
}
