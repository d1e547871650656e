import { headCounts, type Node, ops, type Value } from '@casement/ir';
import { attentionParts } from './attentionNode.ts';
import type { GraphEdit } from './graphEdit.ts';

/**
 * Puts `attentionWeights` and the product with v in the place of an `attention`, and returns the probabilities
 * [batch heads queries keys]: what is done with them decides the result.
 */
export function openAttention(edit: GraphEdit, node: Node): Value {
  const { q, k, v, segments, mask, attrs } = attentionParts(node);
  if (v === undefined) throw new TypeError(`${node.op.name} mixes no values`);
  const emit = edit.emitter({ after: node }, node.origin);
  const weights = emit(ops.attentionWeights, [q, k, ...segments, ...(mask ? [mask] : [])], attrs);
  const { heads, kvHeads } = headCounts(q.type, k.type);
  const [batch = 1, queries = 0] = q.type.shape;
  const [, keys = 0, , width = 0] = v.type.shape;
  const groups = emit(ops.reshape, [weights], { shape: [batch, kvHeads, heads / kvHeads, queries, keys] });
  const rows = emit(ops.reshape, [emit(ops.transpose, [v], { perm: [0, 2, 1, 3] })], {
    shape: [batch, kvHeads, 1, keys, width],
  });
  const mixed = emit(ops.reshape, [emit(ops.matmul, [groups, rows], {})], { shape: [batch, heads, queries, width] });
  const result = emit(ops.transpose, [mixed], { perm: [0, 2, 1, 3] });
  const [old] = node.outputs;
  if (old) edit.replaceUses(old, result, { nodes: () => true, outputs: true });
  edit.replaceNode(node);
  return weights;
}
