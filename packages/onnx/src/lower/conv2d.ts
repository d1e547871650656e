import { convGroups, type ops } from '@casement/ir';
import { type Lower, lowerTo, operand } from '../context.ts';

export const conv2d: Lower<typeof ops.conv2d> = (ctx, node, { stride, padding }) => {
  const [x, weight] = [operand(node, 0).type, operand(node, 1).type];
  const attrs = {
    group: { int: convGroups(x, weight) },
    kernel_shape: { ints: weight.shape.slice(2).map(Number) }, // infer wants fixed sizes
    strides: { ints: stride },
    pads: { ints: padding },
  };
  lowerTo(ctx, node, 'Conv', { attrs });
};
