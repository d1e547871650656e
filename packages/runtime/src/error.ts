export type RuntimeErrorCode =
  /** A file is missing, unreadable or of another format. */
  | 'source'
  /** The device lacks a feature or limit. */
  | 'device'
  /** The device refused to allocate a buffer. */
  | 'memory'
  /** A kernel does not compile. */
  | 'kernel'
  /** A call does not fit the model's signature; nothing was changed. */
  | 'call'
  /** The device found a command invalid. */
  | 'validation'
  | 'device-lost'
  | 'disposed';

/** What went wrong, where and what to do; `code` is for programs. */
export class RuntimeError extends Error {
  override readonly name = 'RuntimeError';

  constructor(
    readonly code: RuntimeErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
