import { IrError, ops, type Program, printType, sameType, type Value } from '@casement/ir';
import { attentionParts } from './attentionNode.ts';
import { type EntryChoice, editEntry } from './editEntry.ts';
import type { GraphEdit } from './graphEdit.ts';
import { attentionIn, isSingle, type Selector, type Site, sitesOf, valueAt } from './sites.ts';

export interface TapOptions extends EntryChoice {
  /** What to read. Several places, or a pattern of scopes, are stacked along a new first axis, in the entry's order. */
  readonly at: Selector | readonly Selector[];
  /** Name of the output. */
  readonly output: string;
}

/**
 * Adds hidden states or attention maps [batch heads queries keys] to the outputs of an entry; nothing else changes.
 *
 *     tap(program, { entry: 'step', at: [{ before: 'model.layers.*' }, { after: 'model.layers.31' }], output: 'hidden_states' })
 *     tap(program, { entry: 'step', at: { attention: 'model.layers.3.self_attn' }, output: 'weights' })
 *
 * Throws IrError when a place is not there, is not one value, or the places' types differ.
 */
export function tap(program: Program, { at, output, ...choice }: TapOptions): Program {
  return editEntry(program, choice, 'tap', (edit) => {
    const sites = sitesOf(edit.graph, at);
    const values = sites.map((site) => readAt(edit, site));
    const [first] = values;
    const odd = values.findIndex((value) => first && !sameType(value.type, first.type));
    if (first === undefined) throw new IrError(`tap: "${output}" needs at least one place to read`);
    if (odd >= 0) {
      const [one, other] = [sites[0], sites[odd]].map((site) => `"${site?.name}"`);
      const types = [first, values[odd] ?? first].map(({ type }) => printType(type));
      throw new IrError(
        `tap: "${output}" cannot hold ${one} (${types[0]}) and ${other} (${types[1]}); tap them one by one`,
      );
    }
    edit.output(output, isSingle(at) ? first : edit.emitter('end', { scope: '' })(ops.stack, values, {}));
    return new Map();
  });
}

function readAt(edit: GraphEdit, site: Site): Value {
  if (site.kind !== 'attention') return valueAt(edit.graph, site);
  const node = attentionIn(edit.graph, site.name);
  const { q, k, segments, mask, attrs } = attentionParts(node);
  return edit.emitter({ after: node }, node.origin)(
    ops.attentionWeights,
    [q, k, ...segments, ...(mask ? [mask] : [])],
    attrs,
  );
}
