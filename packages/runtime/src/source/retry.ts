import { RuntimeError, reasonOf } from '../error.ts';

/** Milliseconds to wait before each further try of a request that failed. */
export type RetryDelays = readonly number[];

/** A failure that may be gone at the next try. */
export class TransientError extends Error {}

/**
 * Runs `attempt` until it succeeds, waiting longer from failure to failure. A failure after which `progress` is larger
 * than it was counts as the first one: a slow connection that breaks often still gets everything.
 *
 * @throws RuntimeError `network` naming `what` when no delay is left, the signal's reason on abort, and at once whatever
 *   is no TransientError
 */
export async function retry<T>(
  what: string,
  delays: RetryDelays,
  signal: AbortSignal | undefined,
  progress: () => number,
  attempt: () => Promise<T>,
): Promise<T> {
  let before = progress();
  for (let failures = 0; ; failures++) {
    try {
      signal?.throwIfAborted();
      return await attempt();
    } catch (error) {
      signal?.throwIfAborted();
      if (!(error instanceof TransientError)) throw error;
      if (progress() > before) [failures, before] = [0, progress()];
      const delay = delays[failures];
      if (delay === undefined) {
        const tries = `after ${failures + 1} tries`;
        throw new RuntimeError('network', `cannot read ${what}, ${tries}: ${reasonOf(error)}`, { cause: error });
      }
      await wait(delay, signal);
    }
  }
}

function wait(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, milliseconds);
    signal?.addEventListener('abort', stop, { once: true });
  });
}

/**
 * What `work` gives, unless that takes longer: then `stop` is called and TransientError thrown. A connection can go
 * silent without ever breaking, as when a phone changes its network.
 */
export async function unlessSilent<T>(milliseconds: number, work: Promise<T>, stop: () => void): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const silence = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new TransientError(`the server was silent for ${milliseconds / 1000} seconds`));
      stop();
    }, milliseconds);
  });
  try {
    return await Promise.race([work, silence]);
  } finally {
    clearTimeout(timer);
  }
}
