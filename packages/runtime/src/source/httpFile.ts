import { RuntimeError, reasonOf } from '../error.ts';
import { BodyReader } from './bodyReader.ts';
import { type RetryDelays, retry, TransientError, unlessSilent } from './retry.ts';

/** Worth another try: timeouts, too many requests, and what servers and proxies say while they are unwell. */
const PASSING = new Set([408, 425, 429, 500, 502, 503, 504]);

/** A range that begins after the file's end: nothing comes, and the loader says what that means. */
const PAST_END = 416;

/**
 * A file on a server. Ranges are asked for one by one; from a server that ignores them the file is read once, from its
 * start on, as long as ranges are asked for in their order. Reads go on where a connection broke.
 */
export class HttpFile {
  /** Whether the server's last answer was a range; undefined until it has answered. */
  private ranges: boolean | undefined;
  /**
   * Whether to ask for the whole file next. Browsers want ranges uncompressed and refuse what a proxy compresses all the
   * same. Such a request fails like any other, so either way is tried in turn until there is an answer.
   */
  private plain = false;
  private version: string | undefined;
  /** The file from its start on, for as long as this signal lets it come. Only reads that are alone use it. */
  private whole: { readonly body: BodyReader; readonly signal: AbortSignal | undefined } | undefined;
  private tail: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly url: string,
    private readonly delays: RetryDelays,
    private readonly silence: number,
  ) {}

  /** The whole file. */
  async read(signal: AbortSignal | undefined): Promise<Uint8Array<ArrayBuffer>> {
    const none = () => 0;
    return retry(this.url, this.delays, signal, none, async () => {
      // Asks the server whether a copy that the browser holds is still right, so that files of two builds never mix.
      const { body } = await this.request({ cache: 'no-cache' }, signal);
      return new BodyReader(body, this.silence).rest();
    });
  }

  /** `length` bytes from `offset` on, or fewer where the file ends. */
  readRange(offset: number, length: number, signal: AbortSignal | undefined): Promise<Uint8Array<ArrayBuffer>> {
    const target = new Uint8Array(length);
    let filled = 0;
    const attempt = async (alone: boolean) => {
      for (let more = true; more && filled < length; ) {
        const { body, ...answer } = await this.bodyAt(offset + filled, offset + length, signal, alone);
        const start = body.position;
        try {
          await body.fill(target.subarray(filled));
        } finally {
          filled += body.position - start; // also what came before the connection broke
          if (this.whole?.body !== body) body.cancel();
        }
        // A server may give less than it was asked for, and the rest when it is asked again.
        more = answer.more && body.position > start;
      }
      return target.subarray(0, filled);
    };
    const attemptAlone = async () => {
      try {
        return await attempt(true);
      } catch (error) {
        this.whole = undefined; // it may be what broke
        throw error;
      }
    };
    const progress = () => filled;
    return this.inTurn((alone) => {
      return retry(this.url, this.delays, signal, progress, alone ? attemptAlone : () => attempt(false));
    });
  }

  /** One after the other, and alone, until the server has shown that it gives ranges. */
  private inTurn<T>(work: (alone: boolean) => Promise<T>): Promise<T> {
    if (this.ranges) return work(false);
    const begun = this.tail.then(() => {
      const alone = !this.ranges;
      return { alone, result: work(alone) };
    });
    this.tail = begun.then(({ alone, result }) => (alone ? result.catch(() => undefined) : undefined));
    return begun.then(({ result }) => result);
  }

  /** A body that stands at `from`; `more`: if it ends early, there may be more. */
  private async bodyAt(
    from: number,
    end: number,
    signal: AbortSignal | undefined,
    alone: boolean,
  ): Promise<{ readonly body: BodyReader; readonly more: boolean }> {
    const whole = alone && this.whole?.signal === signal ? this.whole?.body : undefined;
    if (whole && whole.position <= from) {
      await whole.skip(from - whole.position);
      return { body: whole, more: false };
    }
    // Weights are kept by the loader; the browser's own cache would hold them a second time.
    const headers: HeadersInit = this.plain ? {} : { Range: `bytes=${from}-${end - 1}` };
    const response = await this.request({ cache: 'no-store', headers }, signal);
    this.plain = false; // where this breaks, a range may do
    const body = new BodyReader(response.status === PAST_END ? null : response.body, this.silence);
    this.ranges = response.status !== 200;
    if (this.ranges) {
      this.requireStart(response.headers.get('content-range'), from);
      return { body, more: response.status !== PAST_END };
    }
    if (alone) {
      this.whole?.body.cancel();
      this.whole = { body, signal };
    }
    await body.skip(from);
    return { body, more: false };
  }

  private async request(init: RequestInit, signal: AbortSignal | undefined): Promise<Response> {
    // Of its own, so that a request that nobody answers ends; the caller's signal stops bodies, too.
    const silent = new AbortController();
    const signals = signal ? AbortSignal.any([signal, silent.signal]) : silent.signal;
    const asked = fetch(this.url, { ...init, signal: signals }).catch((cause: unknown) => {
      if (!signals.aborted) this.plain = !this.ranges && !this.plain;
      throw new TransientError(`${reasonOf(cause)}${originHint(this.url)}`, { cause });
    });
    const response = await unlessSilent(this.silence, asked, () => silent.abort());
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

  /** Throws RuntimeError when a range begins elsewhere, as far as the server says it (from another origin, few do). */
  private requireStart(range: string | null, from: number): void {
    const [, start] = /^bytes (\d+)-/.exec(range ?? '') ?? [];
    if (start === undefined || Number(start) === from) return;
    throw new RuntimeError('source', `${this.url}: bytes from ${from} on were asked for, the server gives ${range}`);
  }

  /**
   * Not asked for with If-Range: from another origin that header takes a permission that few servers give. ETags are
   * compared where they can be seen; elsewhere the hashes tell.
   */
  private requireSameVersion(version: string | null): void {
    if (version === null) return;
    const before = this.version;
    this.version = version; // another load takes the file as it now is
    // A proxy that compresses makes the same version a weak one.
    if (before === undefined || strong(before) === strong(version)) return;
    throw new RuntimeError('changed', `${this.url} was replaced while it was read; load the model again`);
  }
}

function strong(etag: string): string {
  return etag.replace(/^W\//, '');
}

/** Browsers tell no page why it may not read another origin, so whoever reads the error should think of it. */
function originHint(url: string): string {
  const page = globalThis.location?.origin as string | undefined; // Node has no location
  if (page === undefined || new URL(url, page).origin === page) return '';
  return `; is the server up, and may pages of ${page} read from it (CORS)?`;
}
