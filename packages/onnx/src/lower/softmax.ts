import { axisOf, type ops } from '@casement/ir';
import { type LowerWhole, lowerTo, operand } from '../context.ts';

export const softmax: LowerWhole<typeof ops.softmax> = (ctx, node, { axis }) => {
  const at = axisOf(axis, operand(node, 0).type.shape.length);
  lowerTo(ctx, node, 'Softmax', { attrs: { axis: { int: at } } });
  return undefined;
};
