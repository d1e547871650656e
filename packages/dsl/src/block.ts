import { tracerOf } from './emit.ts';
import { callerOf } from './place.ts';
import { bindInputs, type Definition, declare, ONLY, openParams, openStates } from './scope.ts';
import type {
  BodyInputs,
  Declarations,
  HasRest,
  None,
  ParsedAll,
  Resolved,
  Signature,
  StandIn,
  StateDeclarations,
} from './signature.ts';
import type { Tensor } from './tensor.ts';

/** What a body returns: a tensor, or several by name or in order. */
export type BlockResult = Tensor | undefined | readonly BlockResult[] | { readonly [name: string]: BlockResult };

/** What a body may return that is there for its changes of state. */
// biome-ignore lint/suspicious/noConfusingVoidType: only `void` is what a function without `return` returns.
export type Nothing = void;

/** A block, called with its inputs: adds its nodes to the graph under its name. */
export type FixedBlock<I, O> = (inputs: ParsedAll<I, StandIn>) => O;

/** A block for any leading dims `Lead`, which `...` stands for. */
export type RestBlock<I, O> = <const Lead extends readonly (string | number)[]>(
  inputs: ParsedAll<I, Lead>,
) => Resolved<O, Lead>;

export type Block<I, O> = HasRest<I> extends true ? RestBlock<I, O> : FixedBlock<I, O>;

/**
 * A part of a model. `name` is its segment of the scope (dots allowed: `model.layers.3`); a param's checkpoint name is
 * the scope and its key. The body runs for each call. A block of one input may give its signature alone; it is then
 * called with the tensor itself. Throws ModelError when a signature is wrong.
 *
 *     const norm = block('norm', { inputs: 'float[... hidden]', params: { weight: 'float[hidden]' } },
 *       (x, p) => rmsNorm(x, p.weight, { eps: 1e-6 }));
 */
export function block<
  const I extends Signature | Declarations,
  O extends BlockResult | Nothing,
  const P extends Declarations = None,
  const St extends StateDeclarations = None,
>(
  name: string,
  definition: { readonly inputs: I; readonly params?: P; readonly state?: St },
  body: (inputs: BodyInputs<I, St>, params: ParsedAll<P, StandIn>) => O,
): Block<I, O>;
// The body's and the call's types are computed from the signatures; what they promise is checked at each call.
export function block(
  name: string,
  definition: Definition,
  body: (inputs: never, params: never) => BlockResult | Nothing,
): unknown {
  const declared = declare(name, definition, callerOf(block));
  const single = typeof definition.inputs === 'string';
  const call = (inputs: unknown): unknown => {
    const place = callerOf(call);
    const given: Readonly<Record<string, unknown>> = single ? { [ONLY]: inputs } : { ...(inputs as object) };
    const tensors = Object.values(given).filter((x) => x !== undefined);
    const tracer = tracerOf(name, tensors, place);
    return tracer.within(name, () => {
      const bound = bindInputs(tracer, declared, given, place);
      const states = openStates(tracer, declared);
      const argument = single ? bound[ONLY] : { ...bound, ...states };
      return body(argument as never, openParams(tracer, declared) as never);
    });
  };
  return call;
}
