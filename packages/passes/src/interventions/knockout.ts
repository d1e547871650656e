import { type Dim, IrError, type Node, ops, type Program, printShape, sameDim, type Value } from '@casement/ir';
import { attentionParts } from './attentionNode.ts';
import { type EntryChoice, editEntry } from './editEntry.ts';
import type { GraphEdit } from './graphEdit.ts';
import { matchScopes } from './scopes.ts';
import { attentionsIn } from './sites.ts';

export interface KnockoutOptions extends EntryChoice {
  /** Scopes with an attention, one or more for each layer: `model.layers.*.self_attn`. */
  readonly at: string | readonly string[];
  /** Names of the new inputs; `layers`, `rows` and `columns` unless given. */
  readonly inputs?: { readonly layers?: string; readonly rows?: string; readonly columns?: string };
}

/**
 * Lets attention be forbidden, run by run, between sets of positions in any of the layers: with three new inputs of
 * zeros and ones, in the scopes where `layers` i32[scopes] is 1, no row of `rows` i32[queries] sees a key of `columns`
 * i32[keys]. In a model with caches the keys count from the first in the cache. A row left without any key gives zeros.
 * Throws IrError when a scope is not there or has no attention, or when their numbers of queries or keys differ.
 */
export function knockout(program: Program, { at, inputs = {}, ...choice }: KnockoutOptions): Program {
  return editEntry(program, choice, 'knockout', (edit) => {
    const scopes = [at].flat().flatMap((pattern) => matchScopes(edit.graph, pattern));
    const [queries, keys] = sizesIn(edit, scopes);
    const layers = edit.input(inputs.layers ?? 'layers', { dtype: 'i32', shape: [scopes.length] });
    const rows = edit.input(inputs.rows ?? 'rows', { dtype: 'i32', shape: [queries] });
    const columns = edit.input(inputs.columns ?? 'columns', { dtype: 'i32', shape: [keys] });

    const emit = edit.emitter({ after: undefined }, { scope: '' });
    const zero = emit(ops.constant, [], { dtype: 'i32', shape: [], values: [0] });
    const asked = (mask: Value, shape: readonly Dim[]) =>
      emit(ops.reshape, [emit(ops.less, [zero, mask], {})], { shape });
    const pairs = emit(ops.and, [asked(rows, [1, 1, queries, 1]), asked(columns, [1, 1, 1, keys])], {});
    const others = emit(ops.not, [pairs], {});
    const untouched = emit(ops.lessOrEqual, [layers, zero], {});
    scopes.forEach((scope, layer) => {
      const own = emit(ops.slice, [untouched], { axis: 0, start: layer, size: 1 });
      const visible = emit(ops.or, [others, emit(ops.reshape, [own], { shape: [1, 1, 1, 1] })], {});
      for (const node of attentionsIn(edit.graph, scope)) hide(edit, node, visible);
    });
    return new Map();
  });
}

/** Numbers of queries and keys, which all attentions must share. */
function sizesIn(edit: GraphEdit, scopes: readonly string[]): readonly [Dim, Dim] {
  const found = scopes.flatMap((scope) => attentionsIn(edit.graph, scope).map((node) => ({ scope, ...sizesOf(node) })));
  const [first] = found;
  if (first === undefined) throw new IrError('knockout: name at least one scope with an attention');
  const odd = found.find(({ queries, keys }) => !sameDim(queries, first.queries) || !sameDim(keys, first.keys));
  if (odd) {
    const [one, other] = [first, odd].map(
      ({ node, queries, keys }) => `"${node.origin.scope}" ${printShape([queries, keys])}`,
    );
    throw new IrError(
      `knockout: the attentions' [queries keys] differ: ${one}, ${other}; name narrower scopes, and call knockout for each kind`,
    );
  }
  return [first.queries, first.keys];
}

function sizesOf(node: Node): { readonly node: Node; readonly queries: Dim; readonly keys: Dim } {
  const { q, k } = attentionParts(node);
  return { node, queries: q.type.shape[1] ?? 0, keys: k.type.shape[1] ?? 0 };
}

/** Gives an attention a mask, beside the one it may have. */
function hide(edit: GraphEdit, node: Node, visible: Value): void {
  const { q, k, v, segments, mask } = attentionParts(node);
  const both = mask ? edit.emitter({ before: node }, node.origin)(ops.and, [mask, visible], {}) : visible;
  edit.replaceNode(node, { ...node, inputs: [q, k, ...(v ? [v] : []), ...segments, both] });
}
