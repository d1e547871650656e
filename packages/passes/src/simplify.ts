import { type Node, sameType, type Value } from '@casement/ir';
import { constantValues } from './constants.ts';
import { entryPass, type Pass } from './pass.ts';
import { rewriteGraph } from './rewriteGraph.ts';

/**
 * Removes nodes that change nothing (a reshape, transpose, cast, broadcast or slice to what is there already, a concat
 * of one, +0, −0, ·1, /1) and joins a reshape or transpose with the one before it.
 *
 * Requires: constants folded, else a computed 0 or 1 is not seen.
 * Ensures: no such node is left, except copies of a state: what they stand for may be updated before they are used.
 */
export function simplify(): Pass {
  return entryPass('simplify', (graph, note) =>
    rewriteGraph(graph, (original, producerOf) => {
      const node = joined(original, producerOf);
      const same = unchangedOperand(node, producerOf);
      const [output] = node.outputs;
      if (same && output && same.state === undefined) return { nodes: [], replaced: new Map([[output, same]]) };
      if (same) note(`left ${node.op.name} "${output?.name}" alone: it keeps a copy of state "${same.state}"`);
      return node === original ? undefined : { nodes: [node] };
    }),
  );
}

type Producer = (value: Value) => Node | undefined;

/** The operand that a node gives back as it is, if it does. */
function unchangedOperand(node: Node, producerOf: Producer): Value | undefined {
  const [x, y] = node.inputs;
  const [output] = node.outputs;
  if (x === undefined || output === undefined) return undefined;
  const keepsType = (value: Value) => sameType(value.type, output.type);
  const all = (value: Value | undefined, wanted: number) =>
    value !== undefined && constantValues(producerOf(value))?.every((number) => number === wanted);
  switch (node.op.name) {
    case 'reshape':
    case 'cast':
    case 'broadcastTo':
      return keepsType(x) ? x : undefined;
    case 'concat':
      return node.inputs.length === 1 ? x : undefined;
    case 'transpose':
      return permOf(node).every((axis, i) => axis === i) ? x : undefined;
    case 'slice':
      // A slice that starts later cannot be as long.
      return keepsType(x) ? x : undefined;
    case 'add':
    case 'mul': {
      const neutral = node.op.name === 'add' ? 0 : 1;
      if (keepsType(x) && all(y, neutral)) return x;
      return y && keepsType(y) && all(x, neutral) ? y : undefined;
    }
    case 'sub':
    case 'div':
      return keepsType(x) && all(y, node.op.name === 'sub' ? 0 : 1) ? x : undefined;
    default:
      return undefined;
  }
}

/** A reshape of a reshape, or a transpose of a transpose, as one node; other nodes as they are. */
function joined(node: Node, producerOf: Producer): Node {
  const [middle] = node.inputs;
  const before = middle && producerOf(middle);
  const [source] = before?.inputs ?? [];
  // A state may have been updated since the node before read it.
  if (!before || !source || before.op.name !== node.op.name || source.state !== undefined) return node;
  if (node.op.name === 'reshape') return { ...node, inputs: [source] };
  if (node.op.name !== 'transpose') return node;
  const first = permOf(before);
  return { ...node, inputs: [source], attrs: { perm: permOf(node).map((axis) => first[axis] ?? axis) } };
}

function permOf({ attrs }: Node): readonly number[] {
  // The op's attributes are `perm: readonly number[]`; a Node forgets which op's it holds.
  return attrs.perm as readonly number[];
}
