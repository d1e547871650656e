import { type Node, sameShape } from '@casement/ir';
import type { Uses } from './uses.ts';

/**
 * The sums that an RMS norm reads, each with that norm: ONNX Runtime computes both in one node, which gives the sum,
 * too. The norm's weight must be at hand where the sum is computed, and nothing may be stretched.
 */
export function findResidualNorms(nodes: readonly Node[], uses: Uses): ReadonlyMap<Node, Node> {
  const found = new Map<Node, Node>();
  for (const add of nodes) {
    const [sum] = add.outputs;
    if (add.op.name !== 'add' || !sum || ![2, 3].includes(sum.type.shape.length)) continue;
    if (add.inputs.length !== 2 || add.inputs.some(({ type }) => !sameShape(type.shape, sum.type.shape))) continue;
    const norm = uses.readersOf(sum).find(({ op, inputs }) => {
      return op.name === 'rmsNorm' && inputs[0] === sum && inputs[1]?.kind === 'param';
    });
    if (norm) found.set(add, norm);
  }
  return found;
}
