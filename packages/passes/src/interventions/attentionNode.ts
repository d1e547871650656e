import { type AttentionAttrs, type Node, type Value, visibilityOperands } from '@casement/ir';

/** An attention's operands and attributes, by what they are. */
export interface AttentionParts {
  readonly q: Value;
  readonly k: Value;
  /** Of `attentionWeights` there is none. */
  readonly v: Value | undefined;
  readonly segments: readonly Value[];
  readonly mask: Value | undefined;
  readonly attrs: AttentionAttrs;
}

/** Takes an `attention` or `attentionWeights` node apart. */
export function attentionParts(node: Node): AttentionParts {
  const fixed = node.op.name === 'attention' ? 3 : 2;
  const { segments, mask } = visibilityOperands(node.inputs, fixed);
  const [q, k, v] = node.inputs.slice(0, fixed) as [Value, Value, Value?]; // infer has counted them
  const { causal, scale } = node.attrs;
  if (typeof causal !== 'boolean' || typeof scale !== 'number')
    throw new TypeError(`${node.op.name} has other attributes`);
  return { q, k, v, segments: segments ? [segments.q, segments.k] : [], mask, attrs: { causal, scale } };
}
