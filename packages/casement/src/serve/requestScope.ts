import type { EventEmitter } from 'node:events';
import { ApiError, clientLeft } from './apiError.ts';

/** What bounds a request's work: it ends when the client leaves, when its time is up, and when the server must stop. */
export class RequestScopes {
  private readonly open = new Set<AbortController>();

  constructor(private readonly seconds: number) {}

  /** A signal for the request that is answered with `outgoing`, an HTTP response; it is let go when that closes. */
  begin(outgoing: EventEmitter & { readonly writableFinished: boolean }): AbortSignal {
    const controller = new AbortController();
    this.open.add(controller);
    const late = `the request took longer than ${this.seconds} seconds`;
    const timer = setTimeout(() => controller.abort(new ApiError(504, late, { code: 'timeout' })), this.seconds * 1000);
    outgoing.once('close', () => {
      clearTimeout(timer);
      this.open.delete(controller);
      if (!outgoing.writableFinished) controller.abort(clientLeft());
    });
    return controller.signal;
  }

  /** Ends all requests. */
  abortAll(reason: ApiError): void {
    for (const controller of this.open) controller.abort(reason);
  }
}
