import { ops } from '@casement/ir';
import { always, type Candidate, choose } from '../candidates.ts';
import { type LinearSite, linearRowPerThread } from '../kernels/linearRowPerThread.ts';
import { inputOf, lowerOp, resultOf } from '../lowering.ts';
import { splitsByFour } from '../wgsl/lanes.ts';

const candidates: readonly Candidate<LinearSite>[] = [
  {
    kernel: 'linearRowPerThread, 4 products at a time',
    when: ({ weight }) => splitsByFour(weight.operand.type.shape[1]),
    build: (site) => linearRowPerThread(site, 4),
  },
  { kernel: 'linearRowPerThread', when: always, build: (site) => linearRowPerThread(site, 1) },
];

/** A weight that is too large to be bound is multiplied piece by piece. */
export const linear = lowerOp(ops.linear, (node, context) => {
  const x = context.operand(inputOf(node, 0));
  const bias = node.inputs[2] && context.operand(node.inputs[2]);
  const y = context.result(resultOf(node));
  for (const weight of context.pieces(inputOf(node, 1))) {
    context.run(choose(candidates, { x, weight, bias, y }, context.profile));
  }
});
