import type { Graph, Node, Value } from '@casement/ir';

/** Who makes and who reads the values of a graph. */
export class Uses {
  private readonly producers = new Map<Value, Node>();
  private readonly readers = new Map<Value, Node[]>();
  private readonly kept: ReadonlySet<Value>;

  constructor(graph: Graph) {
    for (const node of graph.nodes) {
      for (const value of node.outputs) this.producers.set(value, node);
      for (const value of new Set(node.inputs)) this.readers.set(value, [...this.readersOf(value), node]);
    }
    this.kept = new Set([...graph.outputs.map(({ value }) => value), ...graph.states.map(({ end }) => end)]);
  }

  producerOf(value: Value | undefined): Node | undefined {
    return value && this.producers.get(value);
  }

  readersOf(value: Value): readonly Node[] {
    return this.readers.get(value) ?? [];
  }

  /** Whether a value leaves the graph, as an output or as a state's end. */
  leaves(value: Value): boolean {
    return this.kept.has(value);
  }
}
