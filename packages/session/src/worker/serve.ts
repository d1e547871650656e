import type { Handlers, Port, RemoteError, Request, Response } from './protocol.ts';
import { UnclonableError } from './workerError.ts';

/** Answers calls from the page with these handlers; several may run at the same time. */
export function serve(handlers: Handlers, port: Port): void {
  const running = new Map<number, AbortController>();
  const send = (response: Response) => port.postMessage(response);
  const sendValue = (id: number, name: string, value: unknown) => {
    try {
      send({ id, value });
    } catch (cause) {
      throw new UnclonableError(`what the worker's "${name}" gives`, cause);
    }
  };
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
          sendValue(id, name, value);
        }
      } else sendValue(id, name, await result);
      send({ id, done: true });
    } catch (error) {
      send({ id, error: describe(error) });
    } finally {
      running.delete(id);
    }
  };
  port.addEventListener('message', ({ data }) => {
    const request = data as Request; // nobody else speaks on this port
    if ('hello' in request) send({ hello: true });
    else if ('abort' in request) running.get(request.id)?.abort();
    else void run(request);
  });
  port.addEventListener('messageerror', () => send({ unread: true }));
}

function describe(error: unknown): RemoteError {
  if (!(error instanceof Error)) return { name: 'Error', message: String(error) };
  const code = 'code' in error && typeof error.code === 'string' ? { code: error.code } : {};
  return { name: error.name, message: error.message, ...code };
}
