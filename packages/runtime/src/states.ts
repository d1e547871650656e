import { RuntimeError } from './error.ts';
import type { EntrySignature, PlanSignature } from './format/plan.ts';
import { type DimValues, dimsOf } from './size.ts';

/** Lengths of the states, and the other sizes (such as the batch) that what they hold has. */
export class StateLengths {
  private readonly lengths: Map<string, number>;
  private readonly sizes = new Map<string, DimValues>();

  constructor(private readonly signature: PlanSignature) {
    this.lengths = new Map(Object.values(signature.states).map(({ dim }) => [dim, 0]));
  }

  get current(): DimValues {
    return this.lengths;
  }

  /** Throws RuntimeError when a state that holds something would be used with another batch. */
  check(entryName: string, entry: EntrySignature, dims: DimValues): void {
    for (const name of entry.states) {
      const state = this.signature.states[name];
      const length = this.lengths.get(state?.dim ?? '') ?? 0;
      if (state === undefined || length === 0) continue;
      for (const [dim, held] of this.sizes.get(name) ?? []) {
        const size = dims.get(dim);
        if (size === held) continue;
        throw new RuntimeError(
          'call',
          `${entryName}: ${dim} is ${size}, but state "${name}" holds ${length} positions of ${dim} ${held}; ` +
            `reset "${state.dim}" first`,
        );
      }
    }
  }

  /** After a run. */
  update(entry: EntrySignature, dims: DimValues, lengths: DimValues): void {
    for (const [dim, length] of lengths) this.lengths.set(dim, length);
    for (const name of entry.states) this.sizes.set(name, this.otherSizes(name, dims));
  }

  /** Empties the states counted by `dim`, or all. Throws RuntimeError when no state is counted by it. */
  reset(dim?: string): void {
    if (dim !== undefined && !this.lengths.has(dim)) {
      const known = [...this.lengths.keys()].join(', ') || 'none';
      throw new RuntimeError('call', `no state is counted by "${dim}"; growing dims: ${known}`);
    }
    for (const name of dim === undefined ? [...this.lengths.keys()] : [dim]) this.lengths.set(name, 0);
  }

  private otherSizes(name: string, dims: DimValues): DimValues {
    const state = this.signature.states[name];
    const names = new Set(state?.shape.flatMap(dimsOf) ?? []);
    names.delete(state?.dim ?? '');
    return new Map([...names].map((other) => [other, dims.get(other) ?? 0]));
  }
}
