import type { Graph, Node, Value } from '@casement/ir';

/** What a rule puts in a node's place. Each output of the node is defined by `nodes` or stands in `replaced`. */
export interface Rewrite {
  readonly nodes: readonly Node[];
  /** Outputs of the node that are gone, and the values of the same type to use instead. */
  readonly replaced?: ReadonlyMap<Value, Value>;
}

/** Says what stands for a node, or undefined to keep it. `producerOf` knows the nodes up to this one, rewritten. */
export type Rule = (node: Node, producerOf: (value: Value) => Node | undefined) => Rewrite | undefined;

/** Applies a rule to every node in order; a node sees its operands rewritten. The same graph if no rule applied. */
export function rewriteGraph(graph: Graph, rule: Rule): Graph {
  const replaced = new Map<Value, Value>();
  const resolve = (value: Value): Value => replaced.get(value) ?? value;
  const producers = new Map<Value, Node>();
  const nodes: Node[] = [];
  let changed = false;
  for (const original of graph.nodes) {
    const node = mapInputs(original, resolve);
    const rewrite = rule(node, (value) => producers.get(value));
    for (const [gone, value] of rewrite?.replaced ?? []) replaced.set(gone, value);
    for (const next of rewrite?.nodes ?? [node]) {
      nodes.push(next);
      for (const value of next.outputs) producers.set(value, next);
    }
    changed ||= rewrite !== undefined;
  }
  if (!changed) return graph;
  const outputs = graph.outputs.map(({ name, value }) => ({ name, value: resolve(value) }));
  return { ...graph, nodes, outputs };
}

/** A node with its operands replaced; the same node when all of them stay. */
export function mapInputs(node: Node, resolve: (value: Value) => Value): Node {
  const inputs = node.inputs.map(resolve);
  return inputs.some((value, i) => value !== node.inputs[i]) ? { ...node, inputs } : node;
}
