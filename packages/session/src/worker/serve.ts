import type { Handlers, Port, RemoteError, Request, Response } from './protocol.ts';

/** Answers calls from the page with these handlers; several may run at the same time. */
export function serve(handlers: Handlers, port: Port): void {
  const running = new Map<number, AbortController>();
  const send = (response: Response) => port.postMessage(response);
  const run = async ({ id, name, argument }: { id: number; name: string; argument: unknown }): Promise<void> => {
    const abort = new AbortController();
    running.set(id, abort);
    try {
      const handler = Object.hasOwn(handlers, name) ? handlers[name] : undefined;
      if (handler === undefined) throw new TypeError(`the worker has no "${name}"`);
      // `connect` was given the handlers' types, so that the argument is the right one.
      const result = handler(argument as never, abort.signal);
      if (Symbol.asyncIterator in result) {
        for await (const value of result) {
          if (abort.signal.aborted) break; // ends handlers that do not look at the signal
          send({ id, value });
        }
      } else send({ id, value: await result });
      send({ id, done: true });
    } catch (error) {
      send({ id, error: describe(error) });
    } finally {
      running.delete(id);
    }
  };
  port.addEventListener('message', ({ data }) => {
    const request = data as Request; // nobody else speaks on this port
    if ('abort' in request) running.get(request.id)?.abort();
    else void run(request);
  });
}

function describe(error: unknown): RemoteError {
  if (!(error instanceof Error)) return { name: 'Error', message: String(error) };
  const code = 'code' in error && typeof error.code === 'string' ? { code: error.code } : {};
  return { name: error.name, message: error.message, ...code };
}
