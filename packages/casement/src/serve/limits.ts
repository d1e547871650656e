import { UserError } from '../error.ts';

/** What a server takes on. Everything has a default. */
export interface Limits {
  /** Bytes of a request's body, pictures in it included. */
  readonly bodyBytes: number;
  /** Bytes of a picture that is downloaded, or of a frame. */
  readonly imageBytes: number;
  /** Height × width of a picture, read from its header before it is decoded. */
  readonly imagePixels: number;
  /** Pictures in a request. */
  readonly images: number;
  /** Conversations that go on at the same time; each holds caches of its own. */
  readonly sessions: number;
  /** Requests that wait for one of them. */
  readonly queue: number;
  /** Tokens of an answer. */
  readonly maxTokens: number;
  /** From a request's first byte to its answer's last, waiting included. */
  readonly requestSeconds: number;
  /** How long a caption session may go without a frame. */
  readonly idleSeconds: number;
  /** How long answers may go on after a shutdown began. */
  readonly drainSeconds: number;
}

export const DEFAULT_LIMITS: Limits = {
  bodyBytes: 32 * 2 ** 20,
  imageBytes: 16 * 2 ** 20,
  imagePixels: 50_000_000,
  images: 16,
  sessions: 16,
  queue: 64,
  maxTokens: 4096,
  requestSeconds: 300,
  idleSeconds: 60,
  drainSeconds: 30,
};

/** Counts that may be none: so many pictures, so many that wait. */
const MAY_BE_ZERO: readonly string[] = ['images', 'queue', 'drainSeconds'] satisfies (keyof Limits)[];

/** Timers take no more; a longer one would go off at once. */
const MOST_SECONDS = 2_000_000;

/** The given limits and the defaults of others. Throws UserError for a limit that makes no sense. */
export function completeLimits(given: Partial<Limits> = {}): Limits {
  const limits = { ...DEFAULT_LIMITS, ...given };
  for (const [name, value] of Object.entries(limits)) {
    const isTime = name.endsWith('Seconds');
    const most = isTime ? MOST_SECONDS : Number.MAX_SAFE_INTEGER;
    const fits = (isTime || Number.isInteger(value)) && (value > 0 || (value === 0 && MAY_BE_ZERO.includes(name)));
    if (fits && value <= most) continue;
    const wanted = `${isTime ? 'a number' : 'a whole number'} ${MAY_BE_ZERO.includes(name) ? 'from' : 'above'} 0`;
    throw new UserError(`the limit ${name} is ${value}; give ${wanted}${isTime ? ` to ${MOST_SECONDS}` : ''}`);
  }
  return limits;
}
