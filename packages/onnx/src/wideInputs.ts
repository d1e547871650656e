import type { Graph, Node, Value } from '@casement/ir';

/**
 * Inputs that are int64 in the ONNX graph, as token ids and positions are by custom, though the program has i32: those
 * whose every use takes either, so that no cast is needed.
 */
export function wideInputs(graph: Graph): ReadonlySet<Value> {
  const returned = new Set(graph.outputs.map(({ value }) => value));
  const takesEither = (value: Value): boolean =>
    !returned.has(value) &&
    graph.nodes.every((node) =>
      node.inputs.every((input, index) => input !== value || useTakesEither(node, index, takesEither)),
    );
  return new Set(graph.inputs.filter((input) => input.type.dtype === 'i32' && takesEither(input)));
}

function useTakesEither({ op, outputs }: Node, index: number, takesEither: (value: Value) => boolean): boolean {
  switch (op.name) {
    case 'gather':
    case 'gatherAlong':
    case 'rope':
      return index === 1;
    case 'quantizedGather':
      return index === 0;
    case 'cast':
      return true;
    case 'reshape':
    case 'slice':
    case 'transpose':
    case 'broadcastTo':
      return outputs.every(takesEither);
    default:
      return false;
  }
}
