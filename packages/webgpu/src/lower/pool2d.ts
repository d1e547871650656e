import { ops } from '@casement/ir';
import { type Pooling, pool2dElementPerThread } from '../kernels/pool2dElementPerThread.ts';
import { inputOf, type Lowering, lowerOp, resultOf } from '../lowering.ts';

function pool(op: typeof ops.maxPool2d | typeof ops.meanPool2d, pooling: Pooling): Lowering {
  return lowerOp(op, (node, context) => {
    const x = context.operand(inputOf(node, 0));
    context.run(pool2dElementPerThread(pooling, x, context.result(resultOf(node)), node.attrs));
  });
}

export const poolLowerings = {
  maxPool2d: pool(ops.maxPool2d, 'max'),
  meanPool2d: pool(ops.meanPool2d, 'mean'),
} satisfies Record<string, Lowering>;
