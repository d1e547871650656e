import { type Node, sameShape } from '@casement/ir';
import type { Notes } from './notes.ts';
import type { Uses } from './uses.ts';

/**
 * The sums that an RMS norm reads, each with that norm: ONNX Runtime computes both in one node, which gives the sum,
 * too. The norm's weight must be at hand where the sum is computed, and nothing may be stretched.
 */
export function findResidualNorms(nodes: readonly Node[], uses: Uses, notes: Notes): ReadonlyMap<Node, Node> {
  const found = new Map<Node, Node>();
  for (const add of nodes) {
    const [sum] = add.outputs;
    if (add.op.name !== 'add' || !sum) continue;
    const norms = uses.readersOf(sum).filter(({ op, inputs }) => op.name === 'rmsNorm' && inputs[0] === sum);
    if (norms.length === 0) continue;
    const norm = norms.find(({ inputs }) => inputs[1]?.kind === 'param');
    const why = norm ? whyNot(add) : "the norm's weight is computed";
    if (norm && why === undefined) found.set(add, norm);
    else if (why !== undefined) notes.add('sum and norm', `"${sum.name}"`, why);
  }
  return found;
}

function whyNot({ inputs, outputs }: Node): string | undefined {
  const shape = outputs[0]?.type.shape ?? [];
  if (shape.length !== 2 && shape.length !== 3) return 'there are not two or three axes';
  const stretched = inputs.some(({ type }) => !sameShape(type.shape, shape));
  return stretched ? 'one of the summands is stretched to the shape of the other' : undefined;
}
