import { axisOf, ops } from '@casement/ir';
import { gatherElementPerThread } from '../kernels/gatherElementPerThread.ts';
import { inputOf, lowerOp, resultOf } from '../lowering.ts';

/** A table that is too large to be bound is looked up piece by piece; each piece fills the rows that it holds. */
export const gather = lowerOp(ops.gather, (node, context) => {
  const [table, indices] = [inputOf(node, 0), context.operand(inputOf(node, 1))];
  const axis = axisOf(node.attrs.axis, table.type.shape.length);
  const rows = table.type.shape[axis] ?? 1;
  const y = context.result(resultOf(node));
  if (typeof rows === 'number') context.limitIndices(indices, rows);
  const pieces = axis === 0 ? context.pieces(table) : [{ operand: context.operand(table), first: 0, rows }];
  for (const piece of pieces) context.run(gatherElementPerThread({ table: piece, indices, y, axis, rows }));
});
