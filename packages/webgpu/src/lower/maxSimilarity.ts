import { ops } from '@casement/ir';
import { maxSimilarityRowPerThread } from '../kernels/maxSimilarityRowPerThread.ts';
import { inputOf, lowerOp, resultOf } from '../lowering.ts';

/** The products of all pairs are never stored. */
export const maxSimilarity = lowerOp(ops.maxSimilarity, (node, context) => {
  const keep = node.inputs[2];
  context.run(
    maxSimilarityRowPerThread({
      x: context.operand(inputOf(node, 0)),
      y: context.operand(inputOf(node, 1)),
      keep: keep && context.operand(keep),
      z: context.result(resultOf(node)),
    }),
  );
});
