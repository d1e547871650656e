export type RuntimeErrorCode =
  /** A file is missing, or of another format than this runtime reads. */
  | 'source'
  /** The connection failed, again and again. */
  | 'network'
  /** A file is not what was built: bytes are missing or differ from their hash. */
  | 'corrupt'
  /** The server began to give another version of a file while it was read. */
  | 'changed'
  /** The device lacks a feature or limit, or there is none. */
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

/** The text of whatever was thrown. */
export function reasonOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** The device is gone, and everything on it. */
export function lostError({ reason, message }: GPUDeviceLostInfo): RuntimeError {
  return new RuntimeError('device-lost', `the GPU device was lost (${reason}): ${message}; load the model again`);
}
