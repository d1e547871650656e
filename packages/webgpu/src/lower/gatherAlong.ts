import { axisOf, ops } from '@casement/ir';
import { gatherAlongElementPerThread } from '../kernels/gatherAlongElementPerThread.ts';
import { inputOf, lowerOp, resultOf } from '../lowering.ts';

export const gatherAlong = lowerOp(ops.gatherAlong, (node, context) => {
  const [x, indices] = [context.operand(inputOf(node, 0)), context.operand(inputOf(node, 1))];
  const axis = axisOf(node.attrs.axis, x.type.shape.length);
  const rows = x.type.shape[axis];
  if (typeof rows === 'number') context.limitIndices(indices, rows);
  context.run(gatherAlongElementPerThread(x, indices, context.result(resultOf(node)), axis));
});
