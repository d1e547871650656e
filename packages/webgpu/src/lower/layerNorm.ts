import { ops } from '@casement/ir';
import { layerNormRowPerThread } from '../kernels/layerNormRowPerThread.ts';
import { inputOf, lowerOp, resultOf } from '../lowering.ts';

export const layerNorm = lowerOp(ops.layerNorm, (node, context) => {
  const site = {
    x: context.operand(inputOf(node, 0)),
    affine: { weight: context.operand(inputOf(node, 1)), bias: context.operand(inputOf(node, 2)) },
    y: context.result(resultOf(node)),
    eps: node.attrs.eps,
  };
  context.run(layerNormRowPerThread(site));
});

export const standardize = lowerOp(ops.standardize, (node, context) => {
  const x = context.operand(inputOf(node, 0));
  const y = context.result(resultOf(node));
  context.run(layerNormRowPerThread({ x, affine: undefined, y, eps: node.attrs.eps }));
});
