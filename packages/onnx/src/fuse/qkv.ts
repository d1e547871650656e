import { type Node, type RopeAttrs, sameShape, type Value, visibilityOperands } from '@casement/ir';
import { Notes } from './notes.ts';
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
export function findQkv(nodes: readonly Node[], uses: Uses, notes = new Notes()): Qkv[] {
  return nodes.flatMap((node) => {
    if (node.op.name !== 'attention' || node.attrs.causal !== true) return [];
    const found = match(node, uses);
    if (typeof found === 'object') return [found];
    notes.add('packed queries, keys and values', `"${node.outputs[0]?.name}"`, found);
    return [];
  });
}

/** The match, or why there is none. */
function match(attention: Node, uses: Uses): Qkv | string {
  const { segments, mask } = visibilityOperands(attention.inputs, 3);
  if (segments || mask) return 'attention has a mask';
  const [keys, values] = [uses.producerOf(attention.inputs[1]), uses.producerOf(attention.inputs[2])];
  if (keys?.op.name !== 'append' || values?.op.name !== 'append' || keys === values) {
    return 'keys or values are not appended to a cache';
  }
  const [q, k, v] = [attention.inputs[0], keys.inputs[1], values.inputs[1]].map((value) => behind(value, uses));
  const state = attention.inputs[1]?.state;
  if (!q || !k || !v || state === undefined)
    return 'something else than a rotation lies between linear layer and heads';
  if (v.rope) return 'values are rotated';
  if (q.linear.inputs[0] !== k.linear.inputs[0] || q.linear.inputs[0] !== v.linear.inputs[0]) {
    return 'queries, keys and values are computed from different rows';
  }
  if (new Set([q.linear, k.linear, v.linear]).size < 3) return 'two of queries, keys and values are the same';
  if (!sameRotation(q.rope, k.rope)) return 'queries and keys are rotated differently';
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
