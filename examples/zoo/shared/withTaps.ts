import { type ModelDefinition, tap } from 'casement';

/** A model that gives more of what is inside it, as outputs; its definition knows nothing of it. */
export function withTaps(plain: ModelDefinition, ...taps: readonly Parameters<typeof tap>[1][]): ModelDefinition {
  return { ...plain, build: (options) => taps.reduce(tap, plain.build(options)) };
}
