import { lostError, RuntimeError } from './error.ts';

/** Work that is done together: when one part fails, the others are told to stop, and nothing outlives it. */
export interface Guard {
  /** Aborts with the caller's signal, when the device is lost and when any work fails. */
  readonly signal: AbortSignal;
  /** `Promise.all`, but a failure stops the rest and waits for it, so that nothing uses what is then freed. */
  all<T extends readonly Promise<unknown>[]>(work: T): Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }>;
  /** Stops what is still open, such as connections that nobody reads to their end. */
  release(): void;
}

export function guard(device: GPUDevice, signal: AbortSignal | undefined): Guard {
  const controller = new AbortController();
  void device.lost.then((info) => controller.abort(lostError(info)));
  const follow = () => controller.abort(signal?.reason);
  signal?.addEventListener('abort', follow);
  if (signal?.aborted) follow();
  return {
    signal: controller.signal,
    async all(work) {
      for (const part of work) part.catch((error: unknown) => controller.abort(error));
      await Promise.allSettled(work);
      // What came first is the reason; the rest only followed.
      controller.signal.throwIfAborted();
      return Promise.all(work);
    },
    release() {
      signal?.removeEventListener('abort', follow);
      controller.abort();
    },
  };
}

/**
 * What to say of an error: that the device was lost, if it was. A device is known to be lost only some time after calls
 * on it began to fail, so errors of WebGPU's own wait for that; a RuntimeError knows its reason.
 */
export async function deviceLost(device: GPUDevice, error: unknown): Promise<unknown> {
  if (error instanceof RuntimeError && !MAY_BE_LOSS.has(error.code)) return error;
  const info = await Promise.race([device.lost, new Promise<undefined>((resolve) => setTimeout(resolve, LOSS_DELAY))]);
  return info ? lostError(info) : error;
}

/** Milliseconds in which a browser says that a device is lost. */
const LOSS_DELAY = 100;

const MAY_BE_LOSS = new Set(['memory', 'kernel', 'validation']);
