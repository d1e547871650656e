import { axisOf, ops } from '@casement/ir';
import { cumSumRunPerThread } from '../kernels/cumSumRunPerThread.ts';
import { inputOf, lowerOp, resultOf } from '../lowering.ts';

export const cumSum = lowerOp(ops.cumSum, (node, context) => {
  const x = context.operand(inputOf(node, 0));
  const axis = axisOf(node.attrs.axis, x.type.shape.length);
  context.run(cumSumRunPerThread(x, context.result(resultOf(node)), axis));
});
