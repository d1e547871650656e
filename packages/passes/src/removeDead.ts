import { countedDim, type Graph, isSymbolic, type Node, type Program, symbolicDims, type Value } from '@casement/ir';
import type { Pass } from './pass.ts';

/**
 * Removes what no output and no state depends on: nodes, uses of states, then params and states that no entry uses.
 *
 * Requires: nothing.
 * Ensures: every node leads to an output or a state's end, or counts a dim that such a node uses; every param and state is used. Inputs, outputs and dims
 * stay, since they are what callers see.
 */
export function removeDead(): Pass {
  return {
    name: 'removeDead',
    run(program) {
      const entries = new Map([...program.entries].map(([name, graph]) => [name, removeDeadNodes(graph)]));
      const graphs = [...entries.values()];
      const used = new Set(graphs.flatMap((graph) => [...readValues(graph)]));
      const usedStates = new Set(graphs.flatMap((graph) => graph.states.map(({ state }) => state)));
      const params = new Map([...program.params].filter(([, value]) => used.has(value)));
      const states = new Map([...program.states].filter(([name]) => usedStates.has(name)));
      const changed =
        graphs.some((graph) => graph !== program.entries.get(graph.name)) ||
        params.size < program.params.size ||
        states.size < program.states.size;
      const cleaned: Program = { ...program, entries, params, states };
      return { program: changed ? cleaned : program, changed, notes: [] };
    },
  };
}

function removeDeadNodes(graph: Graph): Graph {
  const live = new Set<Value>(graph.outputs.map(({ value }) => value));
  for (const { start, end } of graph.states) if (end !== start) live.add(end);
  const kept: Node[] = [];
  const dims = new Set<string>();
  for (const node of graph.nodes.toReversed()) {
    // What counts a dim is needed by all who use the dim.
    const counted = countedDim(node);
    const isCounter = counted !== undefined && dims.has(counted);
    if (!isCounter && !node.outputs.some((value) => live.has(value))) continue;
    kept.push(node);
    for (const value of node.inputs) live.add(value);
    for (const name of dimsOf(node)) dims.add(name);
  }
  const states = graph.states.filter(({ start, end }) => start !== end || live.has(start));
  if (kept.length === graph.nodes.length && states.length === graph.states.length) return graph;
  return { ...graph, nodes: kept.reverse(), states };
}

function dimsOf({ attrs, outputs }: Node): readonly string[] {
  const sizes = outputs.flatMap(({ type }) => type.shape).filter(isSymbolic);
  return [...symbolicDims(attrs), ...sizes].flatMap(({ names }) => names);
}

function readValues(graph: Graph): ReadonlySet<Value> {
  return new Set([...graph.nodes.flatMap((node) => node.inputs), ...graph.outputs.map(({ value }) => value)]);
}
