import { axisOf, type ops } from '@casement/ir';
import { type Lower, lowerTo, operand } from '../context.ts';

export const concat: Lower<typeof ops.concat> = (ctx, node, { axis }) =>
  lowerTo(ctx, node, 'Concat', { attrs: { axis: { int: axisOf(axis, operand(node, 0).type.shape.length) } } });
