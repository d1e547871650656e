import type { Graph, Program, Value } from '@casement/ir';

/** The program with every result as an output of its entry, under the value's name, so that each can be compared. */
export function exposeValues(program: Program): Program {
  return { ...program, entries: new Map([...program.entries].map(([name, graph]) => [name, expose(graph)])) };
}

function expose(graph: Graph): Graph {
  const known = new Set(graph.outputs.map(({ value }) => value));
  const taken = new Set(graph.outputs.map(({ name }) => name));
  const isPlain = (value: Value) => value.state === undefined && !known.has(value) && !taken.has(value.name);
  const results = graph.nodes.flatMap((node) => node.outputs).filter(isPlain);
  return { ...graph, outputs: [...graph.outputs, ...results.map((value) => ({ name: value.name, value }))] };
}
