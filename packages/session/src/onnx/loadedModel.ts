import type { HostTensors } from '../executor.ts';
import type { Lengths } from './givenInputs.ts';
import type { SessionOptions } from './openSessions.ts';
import type { RuntimeSession } from './runtimeSession.ts';

/** What the executors of one model share. */
export interface LoadedModel extends SessionOptions {
  readonly sessions: ReadonlyMap<string, RuntimeSession>;
}

/** A run whose inputs are right and whose states have room. */
export interface CheckedCall {
  readonly entry: string;
  readonly inputs: HostTensors;
  readonly wanted: readonly string[];
  readonly dims: ReadonlyMap<string, number>;
  readonly lengths: Lengths;
}
