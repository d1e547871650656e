/**
 * What a worker offers, by name. A handler takes one argument and gives one result, or results as they come; what goes
 * either way must survive `structuredClone`. `signal` aborts when the page does not want the rest.
 */
export type Handlers = Readonly<Record<string, Handler>>;

export type Handler = (argument: never, signal: AbortSignal) => Promise<unknown> | AsyncIterable<unknown>;

/** A worker, the scope within one, or one end of a MessageChannel. */
export interface Port {
  postMessage(message: unknown, transfer?: Transferable[]): void;
  addEventListener(type: PortEvent, listener: (event: PortMessage) => void): void;
  /** Of workers; `connect` puts its own in front of it, since no event tells that it was called. */
  terminate?(): void;
  /** Of ports of a channel; likewise. */
  close?(): void;
}

/**
 * `message`: with `data`. `messageerror`: one that cannot be read here. `error`: a worker did not start, or threw what
 * nobody caught. `close`: the other end of a channel is gone.
 */
export type PortEvent = 'message' | 'messageerror' | 'error' | 'close';

/** The events' properties that are of interest; each kind has some of them. */
export interface PortMessage {
  readonly data?: unknown;
  readonly message?: unknown;
}

/** From the page. */
export type Request =
  /** Is there anybody? */
  | { readonly hello: true }
  | { readonly id: number; readonly name: string; readonly argument: unknown }
  | { readonly id: number; readonly abort: true };

/** From the worker. */
export type Response =
  /** It answers calls. */
  | { readonly hello: true }
  /** A message from the page could not be read: a call that will never be answered. */
  | { readonly unread: true }
  | CallResponse;

/** Values as they come, then that there are no more, or what went wrong. */
export type CallResponse =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly done: true }
  | { readonly id: number; readonly error: RemoteError };

/** An error as it travels. `code` is that of errors that have one, such as RuntimeError. */
export interface RemoteError {
  readonly name: string;
  readonly message: string;
  readonly code?: string;
}
