import { type Batch, type Executor, Session } from '@casement/session';
import { type Held, NOTHING } from '../model/readPrompt.ts';
import { ApiError } from './apiError.ts';
import { type Kept, KeptConversations, type Reading } from './keptConversations.ts';

/** A request's place: first in the queue, then at the model. */
export interface Visit {
  /** Waits for the visit's turn; called once, this or `session`. Throws the signal's reason when it aborts. */
  executor(signal: AbortSignal): Promise<Executor>;
  /** The same, for a session that holds the beginning of a prompt, or nothing. */
  session(prompt: Reading, signal: AbortSignal): Promise<{ readonly session: Session; readonly held: Held }>;
  /** Gives the place to the next, and keeps the conversation if it is given; any number of times. */
  leave(kept?: Kept): Promise<void>;
}

/** Shares a model's conversations among requests, first come, first served. */
export class Slots {
  private readonly turns = new Set<() => void>();
  private readonly onIdle = new Set<() => void>();
  private visits = 0;
  private taken = 0;
  private closed = false;
  private readonly kept: KeptConversations;
  /** Seconds for which a conversation held its slot lately: an exponential average. */
  private heldSeconds = 1;

  constructor(
    private readonly batch: Batch,
    private readonly queue: number,
  ) {
    // Conversations run together when their rows are near each other, so that not all may be kept apart.
    this.kept = new KeptConversations(Math.ceil(batch.rows / 2));
  }

  /** Conversations that go on. */
  get busy(): number {
    return this.taken;
  }

  /** Requests that wait. */
  get waiting(): number {
    return this.turns.size;
  }

  /** Throws ApiError: 429 when the queue is full, 503 when the server is shutting down. */
  enter(): Visit {
    if (this.closed) {
      throw new ApiError(503, 'the server is shutting down', { code: 'shutting_down', retryAfterSeconds: 1 });
    }
    if (this.visits >= this.batch.rows + this.queue) {
      throw new ApiError(429, 'the server is busy: its queue is full; try again later', {
        code: 'queue_full',
        retryAfterSeconds: this.retryAfterSeconds(),
      });
    }
    this.visits += 1;
    let executor: Executor | undefined;
    let since = 0;
    let left = false;
    return {
      executor: async (signal) => {
        await this.turn(signal);
        since = performance.now();
        executor = await this.open();
        return executor;
      },
      session: async (prompt, signal) => {
        await this.turn(signal);
        since = performance.now();
        const kept = this.kept.take(prompt);
        executor = kept?.session.executor ?? (await this.open());
        return kept ?? { session: new Session(executor), held: NOTHING };
      },
      leave: async (kept) => {
        if (left) return;
        left = true;
        try {
          if (executor) {
            this.heldSeconds += ((performance.now() - since) / 1000 - this.heldSeconds) / 8;
            const free = kept ? this.kept.add(kept)?.session.executor : executor;
            await Promise.resolve(free?.dispose()).finally(() => this.passOn());
          }
        } finally {
          this.visits -= 1;
          if (this.visits === 0) for (const resolve of this.onIdle) resolve();
        }
      },
    };
  }

  /** Lets nobody in any more, waits until all have left, and forgets conversations that are kept. */
  async close(): Promise<void> {
    this.closed = true;
    if (this.visits > 0) await new Promise<void>((resolve) => this.onIdle.add(resolve));
    for (let kept = this.kept.takeOldest(); kept; kept = this.kept.takeOldest()) {
      await kept.session.executor.dispose().catch(() => {}); // whoever owns the batch frees what is left
    }
  }

  /** How long the newest in the queue would wait for a turn. */
  retryAfterSeconds(): number {
    const wait = (this.heldSeconds * (this.waiting + 1)) / this.batch.rows;
    return Math.min(60, Math.max(1, Math.ceil(wait)));
  }

  /** A slot with empty states; conversations that are kept make room. */
  private async open(): Promise<Executor> {
    try {
      for (;;) {
        const executor = this.batch.open();
        if (executor) return executor;
        const oldest = this.kept.takeOldest();
        if (oldest === undefined) throw new Error('a batch has fewer slots than rows');
        await oldest.session.executor.dispose();
      }
    } catch (error) {
      this.passOn();
      throw error;
    }
  }

  private async turn(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.taken < this.batch.rows) {
      this.taken += 1;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const give = () => {
        signal.removeEventListener('abort', giveUp);
        resolve();
      };
      const giveUp = () => {
        this.turns.delete(give);
        reject(signal.reason);
      };
      this.turns.add(give);
      signal.addEventListener('abort', giveUp, { once: true });
    });
  }

  private passOn(): void {
    const [next] = this.turns;
    if (next === undefined) {
      this.taken -= 1;
      return;
    }
    this.turns.delete(next);
    next();
  }
}
