import { IrError, type Origin, type Place } from '@casement/ir';
import { codeFrame } from './code-frame.ts';

/**
 * A fault in a model, shown with the line of source that made it. `message` holds all of it; `scope` and `place` are for
 * tools.
 */
export class ModelError extends Error {
  override readonly name = 'ModelError';
  readonly scope: string;
  readonly place: Place | undefined;

  /** `hint` is a last line: what to look at. */
  constructor(cause: IrError, hint?: string) {
    const frame = cause.place ? codeFrame(cause.place) : [];
    super([cause.message, ...frame, ...(hint ? ['', hint] : [])].join('\n'), { cause });
    this.scope = cause.scope;
    this.place = cause.place;
  }
}

/** `problem` says what is wrong and what to do; `details` are lines such as the operands' types. */
export function modelError(
  problem: string,
  scope: string,
  place: Place | undefined,
  details: readonly string[] = [],
): ModelError {
  return new ModelError(new IrError(problem, originOf(scope, place), details));
}

export function originOf(scope: string, place: Place | undefined): Origin {
  return place ? { scope, place } : { scope };
}

/** Runs `run`; what the IR finds wrong is thrown as a ModelError, with a hint. */
export function withFrames<R>(run: () => R, hint?: () => string): R {
  try {
    return run();
  } catch (error) {
    throw error instanceof IrError ? new ModelError(error, hint?.()) : error;
  }
}
