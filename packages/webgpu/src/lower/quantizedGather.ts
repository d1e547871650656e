import { ops, quantizedOperands } from '@casement/ir';
import { quantizedGatherStepPerThread } from '../kernels/quantizedGatherStepPerThread.ts';
import { inputOf, lowerOp, resultOf } from '../lowering.ts';
import { quantizedPieces } from '../storedWeight.ts';

/** A table that is too large to be bound is looked up piece by piece; each piece fills the rows that it holds. */
export const quantizedGather = lowerOp(ops.quantizedGather, (node, context) => {
  const table = quantizedOperands(node.inputs, 1);
  const indices = context.operand(inputOf(node, 0));
  const rows = table.packed.type.shape[0] ?? 1;
  const y = context.result(resultOf(node));
  if (typeof rows === 'number') context.limitIndices(indices, rows);
  for (const piece of quantizedPieces(table, node.attrs, context)) {
    context.run(quantizedGatherStepPerThread({ table: piece, indices, y, rows }));
  }
});
