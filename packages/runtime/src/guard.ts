import { fateOf } from './deviceFate.ts';
import { lostError } from './error.ts';

/** Work that is done together: when one part fails, the others are told to stop, and nothing outlives it. */
export interface Guard {
  /** Aborts with the caller's signal, when the device is lost and when any work fails. */
  readonly signal: AbortSignal;
  /**
   * `Promise.all`, but a failure stops the rest and waits for it, so that nothing uses what is then freed. Work may be
   * divided again: what comes first is the reason for all.
   */
  all<const T extends readonly Promise<unknown>[]>(work: T): Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }>;
  /** The same work; its failure stops the rest at once, even if nobody waits for it yet. */
  watch<T>(work: Promise<T>): Promise<T>;
  /** Stops what is still open, such as connections that nobody reads to their end. */
  release(): void;
}

export function guard(device: GPUDevice, signal: AbortSignal | undefined): Guard {
  const controller = new AbortController();
  const forget = fateOf(device).onLost((info) => controller.abort(lostError(info)));
  const follow = () => controller.abort(signal?.reason);
  signal?.addEventListener('abort', follow);
  if (signal?.aborted) follow();
  const watch = <T>(work: Promise<T>) => {
    work.catch((error: unknown) => controller.abort(error));
    return work;
  };
  return {
    signal: controller.signal,
    watch,
    async all(work) {
      for (const part of work) watch(part);
      await Promise.allSettled(work);
      // What came first is the reason; the rest only followed.
      controller.signal.throwIfAborted();
      return Promise.all(work);
    },
    release() {
      forget();
      signal?.removeEventListener('abort', follow);
      controller.abort();
    },
  };
}
