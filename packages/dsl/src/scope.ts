import { type Place, printPlace, printShape, printType, type Dim as Size, sameDim, sameShape } from '@casement/ir';
import { type Cache, type KvCache, openCache, openKvCache } from './cache.ts';
import { tensorOf } from './emit.ts';
import { modelError } from './error.ts';
import { parseSignature, type SignatureParts } from './parse-signature.ts';
import type { Declarations, OptionalDeclaration, Signature, StateDeclarations } from './signature.ts';
import { isTensor, type Tensor, traced } from './tensor.ts';
import { join, type Tracer } from './tracer.ts';

interface Declaration {
  readonly name: string;
  readonly present: boolean;
  readonly parts: SignatureParts;
}

/** What a block or an entry declares, taken apart. */
export interface Declared {
  /** Of the block, or empty. */
  readonly name: string;
  readonly place: Place | undefined;
  readonly inputs: readonly Declaration[];
  readonly params: readonly Declaration[];
  readonly states: readonly Declaration[];
}

export interface Definition {
  readonly inputs: Signature | Declarations;
  readonly params?: Declarations;
  readonly state?: StateDeclarations;
}

/** Name of the input of a block whose inputs are a bare signature. */
export const ONLY = 'input';

/** Takes the signatures apart. Throws ModelError at `place` when one is wrong. */
export function declare(name: string, definition: Definition, place: Place | undefined): Declared {
  const { inputs, params = {}, state = {} } = definition;
  const take = (declarations: Readonly<Record<string, string | OptionalDeclaration>>): Declaration[] =>
    Object.entries(declarations).map(([key, declaration]) => {
      const { present, signature } = typeof declaration === 'string' ? always(declaration) : declaration;
      try {
        return { name: key, present, parts: parseSignature(signature) };
      } catch (error) {
        throw error instanceof SyntaxError ? modelError(`${key}: ${error.message}`, name, place) : error;
      }
    });
  const single = typeof inputs === 'string';
  if (single && Object.keys(state).length > 0) {
    throw modelError(`${name}: a block with state names its inputs: inputs: { x: '${inputs}' }`, name, place);
  }
  const both = single ? undefined : Object.keys(state).find((key) => Object.hasOwn(inputs, key));
  if (both !== undefined) {
    throw modelError(`"${both}" is declared as an input and as a state; rename one of them`, name, place);
  }
  return {
    name,
    place,
    inputs: take(single ? { [ONLY]: inputs } : { ...inputs }),
    params: take({ ...params }),
    states: take({ ...state }),
  };
}

function always(signature: string): { present: boolean; signature: string } {
  return { present: true, signature };
}

/** The params, under the tracer's scope. */
export function openParams(tracer: Tracer, { params, place }: Declared): Record<string, Tensor | undefined> {
  const origin = tracer.origin(place);
  const open = ({ name, present, parts }: Declaration): Tensor | undefined => {
    if (!present) return undefined;
    const value = tracer.draft.param(join(tracer.scope, name), parts, origin);
    return tensorOf(tracer, value, parts.dtype, parts.dims, place);
  };
  return Object.fromEntries(params.map((param) => [param.name, open(param)]));
}

/** The states, under the tracer's scope. A kv state is two: NAME.key and NAME.value. */
export function openStates(tracer: Tracer, { states, place }: Declared): Record<string, Cache | KvCache> {
  const origin = tracer.origin(place);
  const open = ({ name, parts }: Declaration): Cache | KvCache => {
    const path = join(tracer.scope, name);
    const state = (suffix: string) => tracer.draft.state(path + suffix, parts, origin);
    return parts.kind === 'kv'
      ? openKvCache(tracer, state('.key'), state('.value'), parts.dims, place)
      : openCache(tracer, state(''), parts.dtype, parts.dims, place);
  };
  return Object.fromEntries(states.map((state) => [state.name, open(state)]));
}

/** The inputs of a call, under the names that the block's signatures give their dims. */
export function bindInputs(
  tracer: Tracer,
  { name, inputs, place: declaredAt }: Declared,
  given: Readonly<Record<string, unknown>>,
  place: Place | undefined,
): Record<string, Tensor | undefined> {
  let lead: { from: string; sizes: readonly Size[] } | undefined;
  const where = declaredAt ? [`${name} is declared at ${printPlace(declaredAt)}`] : [];
  const bind = ({ name: key, present, parts }: Declaration): Tensor | undefined => {
    const x = given[key];
    const fail = (problem: string) => tracer.error(`${name}: input "${key}" ${problem}`, place, where);
    if (!present && x === undefined) return undefined;
    if (!present) throw fail('is declared with when(false, …), but was given');
    if (!isTensor(x)) throw fail(`must be ${parts.text}, got ${x === undefined ? 'nothing' : String(x)}`);
    const wanted = tracer.draft.typeOf(parts, tracer.origin(place));
    const { value } = x[traced];
    const extra = value.type.shape.length - wanted.shape.length;
    const [front, back] = [value.type.shape.slice(0, extra), value.type.shape.slice(extra)];
    const fits =
      value.type.dtype === wanted.dtype &&
      (extra === 0 || (parts.rest && extra > 0)) &&
      wanted.shape.every((size, i) => tracer.draft.sizes.growing(size) || sameDim(size, back[i] ?? -1));
    const rest = parts.rest ? '... ' : '';
    if (!fits) {
      const sizes = `${wanted.dtype}[${rest}${printShape(wanted.shape).slice(1)}`;
      throw fail(`must be ${parts.text} = ${sizes}, got ${value.name}: ${printType(value.type)}`);
    }
    if (parts.rest && lead && !sameShape(lead.sizes, front)) {
      throw fail(`has the leading sizes ${printShape(front)}, "${lead.from}" has ${printShape(lead.sizes)}`);
    }
    if (parts.rest) lead ??= { from: key, sizes: front };
    return tensorOf(tracer, value, parts.dtype, [...x.shape.slice(0, extra), ...parts.dims], place);
  };
  const unknown = Object.keys(given).find((key) => !inputs.some((input) => input.name === key));
  if (unknown !== undefined) throw tracer.error(`${name}: there is no input "${unknown}"`, place, where);
  return Object.fromEntries(inputs.map((input) => [input.name, bind(input)]));
}
