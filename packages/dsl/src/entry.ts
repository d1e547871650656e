import type { Graph } from '@casement/ir';
import type { Nothing } from './block.ts';
import { tensorOf } from './emit.ts';
import { callerOf } from './place.ts';
import type { ProgramDraft } from './program-draft.ts';
import { type Declared, declare, openParams, openStates } from './scope.ts';
import type { BodyInputs, Declarations, None, ParsedAll, StandIn, StateDeclarations } from './signature.ts';
import { isTensor, type Tensor, traced } from './tensor.ts';
import { Tracer } from './tracer.ts';

/** The named outputs of an entry. */
export interface Outputs {
  readonly [name: string]: Tensor;
}

/** One way to run a model; made by `entry`. */
export interface Entry {
  /** Builds the graph. Called by the model. */
  trace(name: string, draft: ProgramDraft): Graph;
}

/**
 * One way to run a model: named inputs to named outputs. The body runs when the model is built. Params and state are
 * declared as in a block, under their plain names.
 */
export function entry<
  const I extends Declarations,
  const P extends Declarations = None,
  const St extends StateDeclarations = None,
>(
  definition: { readonly inputs: I; readonly params?: P; readonly state?: St },
  body: (inputs: BodyInputs<I, St>, params: ParsedAll<P, StandIn>) => Outputs | Nothing,
): Entry {
  const declared = declare('', definition, callerOf(entry));
  return {
    trace(name, draft) {
      const tracer = new Tracer(draft, name);
      const given = { ...openInputs(tracer, declared), ...openStates(tracer, declared) };
      // The types of both are computed from the signatures they were just made from.
      const outputs = body(given as never, openParams(tracer, declared) as never);
      for (const [key, output] of Object.entries(outputs ?? {})) addOutput(tracer, key, output, declared);
      return tracer.graph.finish();
    },
  };
}

function openInputs(tracer: Tracer, { inputs, place }: Declared): Record<string, Tensor | undefined> {
  const open = ({ name, present, parts }: Declared['inputs'][number]): Tensor | undefined => {
    if (!present) return undefined;
    if (parts.rest || parts.kind === 'kv') {
      throw tracer.error(
        `input "${name}": ${parts.text}: an entry's inputs are tensors with a fixed number of dims`,
        place,
      );
    }
    const value = tracer.graph.input(name, tracer.draft.typeOf(parts, tracer.origin(place)));
    return tensorOf(tracer, value, parts.dtype, parts.dims, place);
  };
  return Object.fromEntries(inputs.map((input) => [input.name, open(input)]));
}

function addOutput(tracer: Tracer, name: string, output: unknown, { place }: Declared): void {
  if (!isTensor(output) || output[traced].tracer !== tracer) {
    throw tracer.error(`output "${name}" is no tensor of this entry`, place);
  }
  tracer.graph.output(name, output[traced].value);
}
