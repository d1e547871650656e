import type { RemoteError } from './protocol.ts';

/**
 * A call failed. Of what a handler threw it has the name, message and code; the stack is the page's own. Of what hit the
 * worker itself the name is `WorkerError` and the code one of
 *   `worker-lost`   the worker did not start, is gone or was terminated: make another one
 *   `worker-error`  it threw what nobody caught, or got a message that it cannot read: calls under way are over
 *   `unclonable`    what should be sent cannot be
 */
export class WorkerError extends Error {
  readonly code: string | undefined;

  constructor({ name, message, code }: RemoteError, options?: ErrorOptions) {
    super(message, options);
    this.name = name;
    this.code = code;
  }
}

/** What should be sent cannot be, as `what` says. */
export class UnclonableError extends WorkerError {
  constructor(what: string, cause: unknown) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const message = `${what} cannot be sent: ${reason}; send plain data, arrays and buffers`;
    super({ name: 'WorkerError', code: 'unclonable', message }, { cause });
  }
}
