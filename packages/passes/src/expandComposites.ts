import { type CompositeOp, type Emit, makeNode, type Node, ops, type Value } from '@casement/ir';
import { entryPass, type Pass } from './pass.ts';
import { mapInputs, rewriteGraph } from './rewriteGraph.ts';

/**
 * Replaces composite ops by the core ops they stand for, those inside them included.
 *
 * Requires: nothing.
 * Ensures: every composite op left is one that `keep` names. The results of an expanded node are still the same values,
 * so that a value can be followed by its name from stage to stage; values inside it are called `NAME.0`, `NAME.1`, …
 * All nodes have the origin of the node they stand for.
 */
export function expandComposites(keep: (opName: string) => boolean): Pass {
  return entryPass('expandComposites', (graph) =>
    rewriteGraph(graph, (node) => {
      const { op } = node;
      return op.kind === 'composite' && !keep(op.name) ? { nodes: expand(node, op, keep) } : undefined;
    }),
  );
}

function expand(node: Node, op: CompositeOp, keep: (opName: string) => boolean): readonly Node[] {
  const name = node.outputs[0]?.name ?? op.name;
  let nodes: Node[] = [];
  let unnamed = 0;
  const emit: Emit = (inner, inputs, attrs) => {
    if (inner.kind === 'composite' && !keep(inner.name)) return first(inner.expand(emit, inputs, attrs), inner.name);
    const made = makeNode(inner, inputs, attrs, node.origin, () => `${name}.${unnamed++}`);
    nodes.push(made);
    return first(made.outputs, inner.name);
  };
  const results = op.expand(emit, node.inputs, node.attrs);
  node.outputs.forEach((output, i) => {
    const result = results[i];
    if (result === undefined) throw new TypeError(`${op.name} promises ${node.outputs.length} results, gives ${i}`);
    const isMade = nodes.some((made) => made.outputs.includes(result));
    nodes = isMade ? renameResult(nodes, result, output) : [...nodes, copy(node, result, output)];
  });
  return nodes;
}

/** The nodes with `output` in place of `result`. */
function renameResult(nodes: readonly Node[], result: Value, output: Value): Node[] {
  const rename = (value: Value) => (value === result ? output : value);
  return nodes.map((node) => ({ ...mapInputs(node, rename), outputs: node.outputs.map(rename) }));
}

/** A result that is an operand as it came, or the same as an earlier result, still gets a node of its name. */
function copy({ origin }: Node, value: Value, output: Value): Node {
  const made = makeNode(ops.reshape, [value], { shape: output.type.shape }, origin, () => output.name);
  return { ...made, outputs: [output] };
}

function first(values: readonly Value[], name: string): Value {
  const [value] = values;
  if (value === undefined) throw new TypeError(`${name} has no result`);
  return value;
}
