import {
  type DimBindings,
  evaluateGraph,
  type Graph,
  type HostTensor,
  inputAt,
  type Node,
  type Value,
} from '@casement/ir';

/**
 * How many pairs of a query and a key an attention with segments sees, for given inputs of its graph. Only the nodes that
 * make the segments are run. Throws RangeError when they depend on an input that is not given.
 */
export function segmentPairs(
  graph: Graph,
  attention: Node,
  bindings: DimBindings,
  inputs: ReadonlyMap<string, HostTensor>,
): number {
  const wanted = [inputAt(attention.inputs, 3), inputAt(attention.inputs, 4)];
  const given = (value: Value): HostTensor => {
    const tensor = inputs.get(value.name);
    if (value.kind !== 'input' || tensor === undefined) {
      throw new RangeError(`${graph.name}: segments depend on ${value.name}, which is not known before a run`);
    }
    return tensor;
  };
  const slice: Graph = { ...graph, nodes: ancestors(graph, wanted), states: [], outputs: [] };
  const tensors = evaluateGraph(slice, wanted, { given, bindings });
  return countPairs(inputAt(tensors, 0), inputAt(tensors, 1), attention.attrs.causal === true);
}

function ancestors(graph: Graph, wanted: readonly Value[]): Node[] {
  const needed = new Set(wanted);
  const nodes: Node[] = [];
  for (const node of graph.nodes.toReversed()) {
    if (!node.outputs.some((output) => needed.has(output))) continue;
    for (const input of node.inputs) needed.add(input);
    nodes.push(node);
  }
  return nodes.reverse();
}

/** Pairs with equal segments, i32 [batch q] and [batch k]; with `causal`, of keys up to the query's own place. */
export function countPairs(q: HostTensor, k: HostTensor, causal: boolean): number {
  const [batch = 0, queries = 0] = q.shape;
  const [, keys = 0] = k.shape;
  let pairs = 0;
  for (let row = 0; row < batch; row++) {
    const seen = new Map<number, number>();
    let shown = 0;
    for (let i = 0; i < queries; i++) {
      const visible = causal ? keys - queries + i + 1 : keys;
      for (; shown < visible; shown++) {
        const segment = k.data[row * keys + shown] ?? 0;
        seen.set(segment, (seen.get(segment) ?? 0) + 1);
      }
      pairs += seen.get(q.data[row * queries + i] ?? 0) ?? 0;
    }
  }
  return pairs;
}
