import type { Executor } from './executor.ts';

/**
 * Several conversations on one loaded model. Each has a slot, which is an executor of its own: give it to `Session` and
 * use it as if it were alone. Runs of one slot are serial; those of different slots need not wait for each other:
 * single-token steps that come together run as one.
 */
export interface Batch {
  /** How many slots there are; their caches are allocated from the start. */
  readonly rows: number;
  /** How many slots nobody holds. */
  readonly free: number;
  /** Takes a slot, with empty states; undefined when none is free. Its `dispose` gives it back. */
  open(): Executor | undefined;
  /** Closes all slots; the model stays loaded. */
  dispose(): Promise<void>;
}

/** An executor that can hold several conversations at once. Its own states are apart from those of every slot. */
export interface BatchingExecutor extends Executor {
  /** Allocates slots. Throws InputError for a number of rows that is not a positive integer. */
  openBatch(rows: number): Batch;
}
