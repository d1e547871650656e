import { type Graph, IrError, isFloat, type Node, nearest, printType, type Value } from '@casement/ir';
import type { Seers } from './graphEdit.ts';
import { isWithin, matchScopes } from './scopes.ts';

/**
 * Values of an entry, by the scopes of the blocks that made them (`model.layers.3`, with `*` for any one segment):
 *
 * - `before`: what enters a scope, its floats that are no params and no states;
 * - `after`: what leaves it, so that others use it;
 * - `attention`: the probabilities [batch heads queries keys] of the attention in it;
 * - `value`: one value by its own name, as `verify` and the printed program call it.
 */
export type Selector =
  | { readonly before: string }
  | { readonly after: string }
  | { readonly attention: string }
  | { readonly value: string };

/** One of the places that a selector names. */
export interface Site {
  readonly kind: 'before' | 'after' | 'attention' | 'value';
  /** Its scope; of a value, its name. */
  readonly name: string;
}

/** Whether selectors name one place, whatever the program. */
export function isSingle(at: Selector | readonly Selector[]): at is Selector {
  return !Array.isArray(at) && !Object.values(at).some((name: string) => name.includes('*'));
}

/** The places that selectors name, in their order and that of the entry. Throws IrError when one names none. */
export function sitesOf(graph: Graph, at: Selector | readonly Selector[]): readonly Site[] {
  const selectors: readonly Selector[] = [at].flat();
  return selectors.flatMap((selector): readonly Site[] => {
    if ('value' in selector) return [{ kind: 'value', name: selector.value }];
    const of = (kind: Site['kind'], pattern: string) => matchScopes(graph, pattern).map((name) => ({ kind, name }));
    if ('before' in selector) return of('before', selector.before);
    return 'after' in selector ? of('after', selector.after) : of('attention', selector.attention);
  });
}

/** The value at a place that is no attention. Throws IrError when it is not exactly one. */
export function valueAt(graph: Graph, { kind, name }: Site): Value {
  if (kind === 'value') return namedValue(graph, name);
  const found = kind === 'before' ? entering(graph, name) : leaving(graph, name);
  const [value, ...more] = found;
  if (value !== undefined && more.length === 0) return value;
  const verb = kind === 'before' ? 'enters' : 'leaves';
  const problem =
    value === undefined
      ? `no float value ${verb} "${name}"; choose a scope around it`
      : `${found.length} values ${kind === 'before' ? 'enter' : 'leave'} "${name}"; choose one: ` +
        found.map((one) => `{ value: '${one.name}' } (${printType(one.type)})`).join(', ');
  throw new IrError(`entry ${graph.name}: ${problem}`);
}

/** Who sees the value at a place: the nodes behind it, and perhaps the entry's outputs. */
export function seersOf({ kind, name }: Site): Seers {
  if (kind === 'before') return { nodes: isWithin(name), outputs: false };
  const inside = isWithin(name);
  return { nodes: kind === 'after' ? (node) => !inside(node) : () => true, outputs: true };
}

/** The attentions in a scope, in order; their probabilities, where the model takes them, too. Throws IrError if none. */
export function attentionsIn(graph: Graph, scope: string): readonly [Node, ...Node[]] {
  const found = graph.nodes.filter(isWithin(scope)).filter(isAttention);
  const [first, ...rest] = found;
  if (first) return [first, ...rest];
  const scopes = new Set(graph.nodes.filter(isAttention).map(({ origin }) => origin.scope.replace(/\d+/g, '*')));
  throw new IrError(
    `entry ${graph.name}: there is no attention in "${scope}"; there is in ${[...scopes].join(', ') || 'no scope'}`,
  );
}

/** The one attention in a scope. Throws IrError when there are several. */
export function attentionIn(graph: Graph, scope: string): Node {
  const [first, ...more] = attentionsIn(graph, scope).filter(({ op }) => op.name === 'attention');
  if (first && more.length === 0) return first;
  const scopes = [first, ...more].map((node) => `"${node?.origin.scope}"`);
  throw new IrError(`entry ${graph.name}: there are ${scopes.length} attentions in "${scope}": ${scopes.join(', ')}`);
}

function isAttention({ op }: Node): boolean {
  return op.name === 'attention' || op.name === 'attentionWeights';
}

function namedValue(graph: Graph, name: string): Value {
  const values = [...graph.inputs, ...graph.nodes.flatMap((node) => node.outputs)];
  const value = values.find((one) => one.name === name && one.state === undefined);
  if (value) return value;
  const hint = nearest(
    name,
    values.map((one) => one.name),
  );
  throw new IrError(`entry ${graph.name} has no value "${name}"${hint}; printProgram shows all ${values.length}`);
}

function entering(graph: Graph, scope: string): readonly Value[] {
  const inside = graph.nodes.filter(isWithin(scope));
  const made = new Set(inside.flatMap((node) => node.outputs));
  const read = new Set(inside.flatMap((node) => node.inputs));
  return [...read].filter((value) => isPlain(value) && isFloat(value.type.dtype) && !made.has(value));
}

function leaving(graph: Graph, scope: string): readonly Value[] {
  const inside = isWithin(scope);
  const read = new Set([
    ...graph.nodes.filter((node) => !inside(node)).flatMap((node) => node.inputs),
    ...graph.outputs.map(({ value }) => value),
  ]);
  return graph.nodes
    .filter(inside)
    .flatMap((node) => node.outputs.filter((value) => isPlain(value) && read.has(value)));
}

function isPlain({ kind, state }: Value): boolean {
  return kind !== 'param' && state === undefined;
}
