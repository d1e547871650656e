import { ops } from '@casement/ir';
import { always, type Candidate, choose } from '../candidates.ts';
import type { LinearSite } from '../kernels/linearBlockPerThread.ts';
import { linearRowPerThread } from '../kernels/linearRowPerThread.ts';
import { inputOf, lowerOp, resultOf } from '../lowering.ts';
import { plainPieces } from '../storedWeight.ts';
import { splitsByFour } from '../wgsl/lanes.ts';
import { tiledLinears } from './linearCandidates.ts';

export const linearKernels: readonly Candidate<LinearSite>[] = [
  ...tiledLinears,
  {
    kernel: 'linearRowPerThread',
    rule: 'one row, or columns that do not come in fours',
    when: ({ weight }) => splitsByFour(weight.columns),
    build: (site) => linearRowPerThread(site, 4),
  },
  {
    kernel: 'linearRowPerThread',
    rule: 'one row, or columns that do not come in fours',
    when: always,
    build: (site) => linearRowPerThread(site, 1),
  },
];

/** A weight that is too large to be bound is multiplied piece by piece. */
export const linear = lowerOp(ops.linear, (node, context) => {
  const x = context.operand(inputOf(node, 0));
  const bias = node.inputs[2] && context.operand(node.inputs[2]);
  const y = context.result(resultOf(node));
  for (const weight of plainPieces(inputOf(node, 1), context)) {
    context.run(choose(linearKernels, { x, weight, bias, y }, context.profile));
  }
});
