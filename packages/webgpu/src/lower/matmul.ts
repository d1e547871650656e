import { ops } from '@casement/ir';
import { matmul as matmulKernel } from '../kernels/matmul.ts';
import { inputOf, lowerOp, resultOf } from '../lowering.ts';

export const matmul = lowerOp(ops.matmul, (node, context) => {
  const [a, b] = [context.stored(inputOf(node, 0)), context.stored(inputOf(node, 1))];
  context.run(matmulKernel(a, b, context.result(resultOf(node))));
});
