import { type FloatDType, type Program, verifyProgram } from '@casement/ir';
import type { DimDeclarations } from './dims.ts';
import type { Entry } from './entry.ts';
import { withFrames } from './error.ts';
import { callerOf } from './place.ts';
import { ProgramDraft } from './program-draft.ts';
import { Sizes } from './sizes.ts';

export interface BuildOptions {
  /** The dtype that `float` stands for. */
  readonly dtype: FloatDType;
}

/** A model that can be built; made by `model`. */
export interface ModelDefinition {
  readonly name: string;
  /** Runs the bodies of all entries. Throws ModelError when sizes do not fit. */
  build(options: BuildOptions): Program;
}

/**
 * A model: its sizes by name, and the ways to run it.
 *
 *     model('casa', {
 *       dims: { batch: 1, hidden: 2048, seq: upTo(512), past: capacity(4096) },
 *       entries: { step: entry({ inputs: { input_ids: 'i32[batch seq]' } }, ({ input_ids }) => ({ logits: … })) },
 *     });
 */
export function model(
  name: string,
  { dims, entries }: { readonly dims: DimDeclarations; readonly entries: Readonly<Record<string, Entry>> },
): ModelDefinition {
  const place = callerOf(model);
  return {
    name,
    build: ({ dtype }) =>
      withFrames(() => {
        const draft = new ProgramDraft(name, new Sizes(name, dims, place), dtype);
        const graphs = Object.entries(entries).map(([key, { trace }]) => trace(key, draft));
        const program = draft.finish(graphs);
        verifyProgram(program);
        return program;
      }),
  };
}
