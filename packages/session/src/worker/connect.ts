import { Inbox } from './inbox.ts';
import type { Handlers, Port, PortMessage, Request, Response } from './protocol.ts';
import { UnclonableError, WorkerError } from './workerError.ts';

export interface CallOptions {
  /** Stops the handler; the call throws the signal's reason. */
  readonly signal?: AbortSignal;
  /** Parts of the argument that move to the worker instead of being copied. */
  readonly transfer?: Transferable[];
}

type Argument<H> = H extends (argument: infer A, signal: AbortSignal) => unknown ? A : never;
type Value<H> = H extends (...args: never[]) => AsyncIterable<infer V> ? V : never;
type Result<H> = H extends (...args: never[]) => Promise<infer R> ? R : never;

/** A worker, as seen from the page. Calls throw WorkerError, also when the worker does not start or goes away. */
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

/** Calls of one worker. `H` is the type of what it serves: `connect<typeof handlers>(new Worker(…))`. */
export function connect<H extends Handlers>(port: Port): Remote<H> {
  const calls = new Calls(port);
  let last = 0;
  async function* stream(
    name: string,
    argument: unknown,
    { signal, transfer = [] }: CallOptions = {},
  ): AsyncGenerator<unknown, void> {
    signal?.throwIfAborted();
    const id = ++last;
    const inbox = calls.open(id);
    const stop = () => inbox.fail(signal?.reason);
    signal?.addEventListener('abort', stop);
    let running = false;
    try {
      try {
        port.postMessage({ id, name, argument } satisfies Request, transfer);
      } catch (cause) {
        throw new UnclonableError(`what "${name}" is called with`, cause);
      }
      running = true;
      for (;;) {
        const response = await inbox.next();
        if ('error' in response || 'done' in response) running = false;
        if ('error' in response) throw new WorkerError(response.error);
        if ('done' in response) return;
        yield response.value;
      }
    } finally {
      if (running) port.postMessage({ id, abort: true } satisfies Request);
      calls.close(id);
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

/** The calls under way, and what happens to the worker. */
class Calls {
  private readonly inboxes = new Map<number, Inbox>();
  /** Whether the worker has ever answered. */
  private serving = false;
  /** Why no call can be made any more. */
  private lost: WorkerError | undefined;

  constructor(port: Port) {
    port.addEventListener('message', ({ data }) => this.receive(data as Response)); // see `serve`
    port.addEventListener('messageerror', () => this.fail('worker-error', 'the worker sent what cannot be read here'));
    port.addEventListener('error', (event) => this.onError(event));
    port.addEventListener('close', () => this.end('the worker closed the connection'));
    this.endWith(port, 'terminate');
    this.endWith(port, 'close');
    port.postMessage({ hello: true } satisfies Request);
  }

  /** Throws WorkerError when there is nobody to call. */
  open(id: number): Inbox {
    if (this.lost) throw this.lost;
    const inbox = new Inbox();
    this.inboxes.set(id, inbox);
    return inbox;
  }

  close(id: number): void {
    this.inboxes.delete(id);
  }

  /** The worker is gone. */
  end(why: string): void {
    this.lost ??= lostError(why);
    for (const inbox of this.inboxes.values()) inbox.fail(this.lost);
  }

  /** No event tells that somebody here ends the worker, so the method itself does. */
  private endWith(port: Port, method: 'terminate' | 'close'): void {
    const native = port[method]?.bind(port);
    if (native === undefined) return;
    port[method] = () => {
      native();
      this.end('the worker was terminated');
    };
  }

  private receive(response: Response): void {
    this.serving = true;
    if ('id' in response) this.inboxes.get(response.id)?.put(response);
    else if ('unread' in response)
      this.fail('worker-error', 'the worker got a message that it cannot read; all calls under way are given up');
  }

  /** A worker that serves goes on after an error, but what the error was meant for waits in vain. */
  private onError({ message }: PortMessage): void {
    const why = typeof message === 'string' && message ? `: ${message}` : '';
    if (this.serving) this.fail('worker-error', `the worker threw what nobody caught${why}`);
    else this.end(`the worker did not start${why || '; is its script there, and may this page load it?'}`);
  }

  private fail(code: string, message: string): void {
    const error = new WorkerError({ name: 'WorkerError', code, message });
    for (const inbox of this.inboxes.values()) inbox.fail(error);
  }
}

function lostError(why: string): WorkerError {
  return new WorkerError({ name: 'WorkerError', code: 'worker-lost', message: `${why}; make another worker` });
}
