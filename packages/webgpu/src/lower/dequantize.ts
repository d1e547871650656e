import { ops, quantizedOperands } from '@casement/ir';
import { dequantizeElementPerThread } from '../kernels/dequantizeElementPerThread.ts';
import { lowerOp, resultOf } from '../lowering.ts';

export const dequantize = lowerOp(ops.dequantize, (node, context) => {
  const { packed, scales, zeros } = quantizedOperands(node.inputs, 0);
  const weight = {
    packed: context.operand(packed),
    scales: context.operand(scales),
    zeros: zeros && context.operand(zeros),
  };
  context.run(dequantizeElementPerThread(weight, node.attrs, context.result(resultOf(node))));
});
