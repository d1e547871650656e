import { type Node, type RopeAttrs, sameShape, type Value, visibilityOperands } from '@casement/ir';
import type { Uses } from './uses.ts';

/** Attention over a cache to which it appends, with the linear layers that its operands come from. */
export interface Qkv {
  readonly attention: Node;
  /** The state that holds the keys. */
  readonly state: string;
  readonly linears: readonly [q: Node, k: Node, v: Node];
  /** How queries and keys are rotated; absent if they are not. */
  readonly rope: { readonly positions: Value; readonly attrs: RopeAttrs } | undefined;
}

/** The causal self-attentions of a graph whose queries, keys and values are linear layers of the same rows. */
export function findQkv(nodes: readonly Node[], uses: Uses): Qkv[] {
  return nodes.flatMap((node) => {
    const found = node.op.name === 'attention' && node.attrs.causal === true ? match(node, uses) : undefined;
    return found ? [found] : [];
  });
}

function match(attention: Node, uses: Uses): Qkv | undefined {
  const { segments, mask } = visibilityOperands(attention.inputs, 3);
  if (segments || mask) return undefined;
  const [keys, values] = [uses.producerOf(attention.inputs[1]), uses.producerOf(attention.inputs[2])];
  if (keys?.op.name !== 'append' || values?.op.name !== 'append' || keys === values) return undefined;
  const [q, k, v] = [attention.inputs[0], keys.inputs[1], values.inputs[1]].map((value) => behind(value, uses));
  const state = attention.inputs[1]?.state;
  if (!q || !k || !v || v.rope || state === undefined) return undefined;
  if (q.linear.inputs[0] !== k.linear.inputs[0] || q.linear.inputs[0] !== v.linear.inputs[0]) return undefined;
  if (new Set([q.linear, k.linear, v.linear]).size < 3) return undefined;
  if (!sameRotation(q.rope, k.rope)) return undefined;
  const [, positions] = q.rope?.inputs ?? [];
  // The op of a node that is called rope has these attributes.
  const rope = q.rope && positions ? { positions, attrs: q.rope.attrs as RopeAttrs } : undefined;
  return { attention, state, linears: [q.linear, k.linear, v.linear], rope };
}

/** The linear layer, and the rotation between it and a value split into heads. */
function behind(value: Value | undefined, uses: Uses): { linear: Node; rope: Node | undefined } | undefined {
  const last = uses.producerOf(value);
  const rope = last?.op.name === 'rope' ? last : undefined;
  const split = rope ? uses.producerOf(rope.inputs[0]) : last;
  const linear = split?.op.name === 'reshape' ? uses.producerOf(split.inputs[0]) : undefined;
  return linear && isLinear(linear) ? { linear, rope } : undefined;
}

export function isLinear({ op }: Node): boolean {
  return op.name === 'linear' || op.name === 'quantizedLinear';
}

function sameRotation(a: Node | undefined, b: Node | undefined): boolean {
  if (!a || !b) return a === b;
  const [ofA, ofB] = [a.inputs[1], b.inputs[1]];
  if (!ofA || ofA !== ofB || !sameShape(ofA.type.shape, ofB.type.shape)) return false;
  return JSON.stringify(a.attrs) === JSON.stringify(b.attrs);
}
