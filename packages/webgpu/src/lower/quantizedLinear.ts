import { ops, quantizedOperands } from '@casement/ir';
import { always, type Candidate, choose } from '../candidates.ts';
import type { LinearSite } from '../kernels/linearBlockPerThread.ts';
import { quantizedLinearRowPerThread } from '../kernels/quantizedLinearRowPerThread.ts';
import { inputOf, lowerOp, resultOf } from '../lowering.ts';
import { quantizedPieces } from '../storedWeight.ts';
import { tiledLinears } from './linearCandidates.ts';

export const quantizedLinearKernels: readonly Candidate<LinearSite>[] = [
  ...tiledLinears,
  { kernel: 'quantizedLinearRowPerThread', rule: 'one row', when: always, build: quantizedLinearRowPerThread },
];

/** A weight that is too large to be bound is multiplied piece by piece. */
export const quantizedLinear = lowerOp(ops.quantizedLinear, (node, context) => {
  const { bias, ...weight } = quantizedOperands(node.inputs, 1);
  const site = {
    x: context.operand(inputOf(node, 0)),
    bias: bias && context.operand(bias),
    y: context.result(resultOf(node)),
  };
  for (const piece of quantizedPieces(weight, node.attrs, context)) {
    context.run(choose(quantizedLinearKernels, { ...site, weight: piece }, context.profile));
  }
});
