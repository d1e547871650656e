import { axisOf, ops } from '@casement/ir';
import { argSortRankPerThread } from '../kernels/argSortRankPerThread.ts';
import { inputOf, lowerOp, resultOf } from '../lowering.ts';

export const argSort = lowerOp(ops.argSort, (node, context) => {
  const x = context.operand(inputOf(node, 0));
  const axis = axisOf(node.attrs.axis, x.type.shape.length);
  context.run(argSortRankPerThread({ x, y: context.result(resultOf(node)), axis, descending: node.attrs.descending }));
});
