import { convGroups, ops } from '@casement/ir';
import { conv2dElementPerThread } from '../kernels/conv2dElementPerThread.ts';
import { inputOf, lowerOp, resultOf } from '../lowering.ts';

export const conv2d = lowerOp(ops.conv2d, (node, context) => {
  const [x, weight, bias] = [inputOf(node, 0), inputOf(node, 1), node.inputs[2]];
  context.run(
    conv2dElementPerThread({
      x: context.operand(x),
      weight: context.operand(weight),
      bias: bias && context.operand(bias),
      y: context.result(resultOf(node)),
      groups: convGroups(x.type, weight.type),
      attrs: node.attrs,
    }),
  );
});
