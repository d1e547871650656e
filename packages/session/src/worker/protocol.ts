/**
 * What a worker offers, by name. A handler takes one argument and gives one result, or results as they come; what goes
 * either way must survive `structuredClone`. `signal` aborts when the page does not want the rest.
 */
export type Handlers = Readonly<Record<string, Handler>>;

export type Handler = (argument: never, signal: AbortSignal) => Promise<unknown> | AsyncIterable<unknown>;

/** A worker, the scope within one, or one end of a MessageChannel. */
export interface Port {
  postMessage(message: unknown, transfer?: Transferable[]): void;
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void;
  removeEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void;
}

/** From the page. */
export type Request =
  | { readonly id: number; readonly name: string; readonly argument: unknown }
  | { readonly id: number; readonly abort: true };

/** From the worker: values as they come, then that there are no more, or what went wrong. */
export type Response =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly done: true }
  | { readonly id: number; readonly error: RemoteError };

/** An error as it travels. `code` is that of errors that have one, such as RuntimeError. */
export interface RemoteError {
  readonly name: string;
  readonly message: string;
  readonly code?: string;
}
