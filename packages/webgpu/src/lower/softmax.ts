import { axisOf, ops } from '@casement/ir';
import { softmaxRunPerThread } from '../kernels/softmaxRunPerThread.ts';
import { inputOf, lowerOp, resultOf } from '../lowering.ts';

export const softmax = lowerOp(ops.softmax, (node, context) => {
  const x = context.operand(inputOf(node, 0));
  const axis = axisOf(node.attrs.axis, x.type.shape.length);
  context.run(softmaxRunPerThread(x, context.result(resultOf(node)), axis));
});
