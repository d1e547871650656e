import type { Handlers, Port, RemoteError, Request, Response } from './protocol.ts';

export interface CallOptions {
  /** Stops the handler; the call throws the signal's reason. */
  readonly signal?: AbortSignal;
  /** Parts of the argument that move to the worker instead of being copied. */
  readonly transfer?: Transferable[];
}

type Argument<H> = H extends (argument: infer A, signal: AbortSignal) => unknown ? A : never;
type Value<H> = H extends (...args: never[]) => AsyncIterable<infer V> ? V : never;
type Result<H> = H extends (...args: never[]) => Promise<infer R> ? R : never;

/** A worker, as seen from the page. */
export interface Remote<H extends Handlers> {
  /** Calls a handler that gives one result. */
  call<K extends keyof H & string>(name: K, argument: Argument<H[K]>, options?: CallOptions): Promise<Result<H[K]>>;
  /** Calls a handler that gives results as they come. Who stops listening stops the handler. */
  stream<K extends keyof H & string>(
    name: K,
    argument: Argument<H[K]>,
    options?: CallOptions,
  ): AsyncGenerator<Value<H[K]>, void>;
}

/** What a handler threw, with its name, message and code; the stack is the page's own. */
export class WorkerError extends Error {
  readonly code: string | undefined;

  constructor({ name, message, code }: RemoteError) {
    super(message);
    this.name = name;
    this.code = code;
  }
}

/** Calls of one worker. `H` is the type of what it serves: `connect<typeof handlers>(new Worker(…))`. */
export function connect<H extends Handlers>(port: Port): Remote<H> {
  let last = 0;
  async function* stream(
    name: string,
    argument: unknown,
    { signal, transfer = [] }: CallOptions = {},
  ): AsyncGenerator<unknown, void> {
    signal?.throwIfAborted();
    const id = ++last;
    const inbox = new Inbox();
    const listen = ({ data }: { readonly data: unknown }) => inbox.put(data as Response); // see `serve`
    const stop = () => inbox.fail(signal?.reason);
    port.addEventListener('message', listen);
    signal?.addEventListener('abort', stop);
    const send = (request: Request, moved: Transferable[]) => port.postMessage(request, moved);
    let open = true;
    try {
      send({ id, name, argument }, transfer);
      for (;;) {
        const response = await inbox.next(id);
        if ('error' in response || 'done' in response) open = false;
        if ('error' in response) throw new WorkerError(response.error);
        if ('done' in response) return;
        yield response.value;
      }
    } finally {
      if (open) send({ id, abort: true }, []);
      port.removeEventListener('message', listen);
      signal?.removeEventListener('abort', stop);
    }
  }
  // The handlers' types say what comes; here it is whatever the worker sends.
  const remote = {
    stream,
    async call(name: string, argument: unknown, options?: CallOptions) {
      let result: unknown;
      for await (const value of stream(name, argument, options)) result = value;
      return result;
    },
  };
  return remote as unknown as Remote<H>;
}

/** Messages that wait to be taken. */
class Inbox {
  private readonly waiting: Response[] = [];
  private failure: { readonly reason: unknown } | undefined;
  private wake: () => void = () => {};

  put(response: Response): void {
    this.waiting.push(response);
    this.wake();
  }

  fail(reason: unknown): void {
    this.failure = { reason };
    this.wake();
  }

  /** The next message for one call. */
  async next(id: number): Promise<Response> {
    for (;;) {
      if (this.failure) throw this.failure.reason;
      const response = this.waiting.shift();
      if (response?.id === id) return response;
      if (response) continue;
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
  }
}
