import {
  constantAttrs,
  elementCount,
  evaluateNode,
  type HostTensor,
  IrError,
  isSymbolic,
  makeNode,
  type Node,
  ops,
  resolveShape,
  symbolicDims,
  type Value,
} from '@casement/ir';
import { entryPass, type Pass } from './pass.ts';
import { rewriteGraph } from './rewriteGraph.ts';

/** Larger results stay computed: the program and its artifact would grow by more than the work saved. */
const MAX_ELEMENTS = 65536;

/**
 * Computes nodes whose operands are all constants, with the reference implementation.
 *
 * Requires: nothing; composite ops are folded as well as core ops.
 * Ensures: no op has constant operands alone, except where a note says why: large or infinite results, symbolic sizes
 * (these without a note), faults that belong to the run. Params are never folded: their values are not in the program.
 */
export function foldConstants(): Pass {
  return entryPass('foldConstants', (graph, note) => {
    const known = new Map<Value, HostTensor>();
    return rewriteGraph(graph, (node) => {
      const [output] = node.outputs;
      const operands = node.inputs.flatMap((value) => known.get(value) ?? []);
      if (output === undefined || operands.length < node.inputs.length || !isStatic(node)) return undefined;
      const isConstant = node.op.name === ops.constant.name;
      const tensor = isConstant ? evaluateNode(node, [], new Map())[0] : fold(node, operands, note);
      if (tensor === undefined) return undefined;
      known.set(output, tensor);
      if (isConstant) return undefined;
      const made = makeNode(ops.constant, [], constantAttrs(tensor), node.origin, () => output.name);
      return { nodes: [{ ...made, outputs: [output] }] };
    });
  });
}

function isStatic({ outputs, attrs }: Node): boolean {
  return (
    outputs.length === 1 && symbolicDims(attrs).length === 0 && !outputs.some(({ type }) => type.shape.some(isSymbolic))
  );
}

function fold(node: Node, operands: readonly HostTensor[], note: (text: string) => void): HostTensor | undefined {
  const name = node.outputs[0]?.name;
  const leave = (why: string) => note(`left ${node.op.name} "${name}" of constants: ${why}`);
  const count = elementCount(resolveShape(node.outputs[0]?.type.shape ?? [], new Map()));
  if (count > MAX_ELEMENTS) {
    leave(`${count} elements exceed ${MAX_ELEMENTS}`);
    return undefined;
  }
  try {
    const [tensor] = evaluateNode(node, operands, new Map());
    if (tensor && Array.from(tensor.data).every(Number.isFinite)) return tensor;
    leave('the result is not finite');
  } catch (error) {
    if (!(error instanceof IrError)) throw error;
    leave(error.problem);
  }
  return undefined;
}
