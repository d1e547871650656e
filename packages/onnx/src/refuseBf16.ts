import { type Graph, IrError } from '@casement/ir';

/**
 * Throws IrError when a graph computes in bf16: ONNX Runtime's CPU has no kernels for it, and its JavaScript API no
 * such tensors. Weights may be bf16 if they are cast first.
 */
export function refuseBf16(graph: Graph): void {
  const refuse = (name: string) =>
    `entry ${graph.name}: "${name}" is bf16, which ONNX Runtime cannot compute with here`;
  const remedy = 'build with dtype f32 or f16, or cast the weights';
  for (const { name, type } of [...graph.inputs, ...graph.states.map(({ start }) => start)]) {
    if (type.dtype === 'bf16') throw new IrError(`${refuse(name)}; ${remedy}`);
  }
  for (const { op, inputs, outputs, origin } of graph.nodes) {
    const computed = op.name === 'cast' ? outputs : [...inputs, ...outputs];
    const found = computed.find(({ type }) => type.dtype === 'bf16');
    if (found) throw new IrError(`${refuse(found.name)}; ${remedy}`, origin);
  }
}

/** Why nothing but ONNX Runtime's CUDA provider can run a graph: it computes in bf16. Undefined: the CPU can. */
export function reasonForCuda(graph: Graph): string | undefined {
  try {
    refuseBf16(graph);
    return undefined;
  } catch (error) {
    if (!(error instanceof IrError)) throw error;
    return error.message;
  }
}
