import { type Attrs, GraphBuilder, type Op, type Origin, type Place, type Value } from '@casement/ir';
import { type ModelError, modelError, originOf, withFrames } from './error.ts';
import type { ProgramDraft } from './program-draft.ts';

/** Builds one entry. Every tensor knows its tracer, so that ops and blocks need no other context. */
export class Tracer {
  readonly graph: GraphBuilder;
  private scopePath = '';

  constructor(
    readonly draft: ProgramDraft,
    entry: string,
  ) {
    this.graph = new GraphBuilder(entry);
  }

  /** Names of the blocks around what is being built: `model.layers.3.mlp`. */
  get scope(): string {
    return this.scopePath;
  }

  /** Runs `run` with `segment` added to the scope. */
  within<R>(segment: string, run: () => R): R {
    const outer = this.scopePath;
    this.scopePath = join(outer, segment);
    try {
      return run();
    } finally {
      this.scopePath = outer;
    }
  }

  /** Adds a node and returns its first result. Throws ModelError, with `hint`, when the op refuses these operands. */
  emit<A extends Attrs>(
    op: Op<A>,
    inputs: readonly Value[],
    attrs: A,
    place: Place | undefined,
    hint?: () => string,
  ): Value {
    this.graph.origin = this.origin(place);
    return withFrames(() => this.graph.emit(op, inputs, attrs), hint);
  }

  origin(place: Place | undefined): Origin {
    return originOf(this.scopePath, place);
  }

  error(problem: string, place: Place | undefined, details: readonly string[] = []): ModelError {
    return modelError(problem, this.scopePath, place, details);
  }
}

/** `a.b`; either may be empty. */
export function join(scope: string, name: string): string {
  return scope && name ? `${scope}.${name}` : scope + name;
}
