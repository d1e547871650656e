import { addDims, type Dim, divDims, floorDim, ops } from '@casement/ir';
import { COUNT_BLOCK, countPerBlock, indicesOfTrue, totalIntoDim } from '../kernels/nonZeroByBlocks.ts';
import { inputOf, lowerOp, resultOf } from '../lowering.ts';

/** Counts blocks, writes their sum into the dims, and gives each true element the place that the counts before it say. */
export const nonZero = lowerOp(ops.nonZero, (node, context) => {
  const value = inputOf(node, 0);
  const keep = context.operand(value);
  const counts = context.scratch({ dtype: 'i32', shape: [blocksOf(value.type.shape[0] ?? 1)] });
  context.run(countPerBlock(keep, counts));
  context.run(totalIntoDim(counts, String(node.attrs.count)));
  context.run(indicesOfTrue(keep, counts, context.result(resultOf(node))));
});

function blocksOf(size: Dim): Dim {
  return floorDim(divDims(addDims(size, COUNT_BLOCK - 1), COUNT_BLOCK) ?? 1); // numbers divide every size
}
