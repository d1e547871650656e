import { axisOf, type ops } from '@casement/ir';
import { type Lower, lowerTo, operand } from '../context.ts';

export const gather: Lower<typeof ops.gather> = (ctx, node, { axis }) =>
  lowerTo(ctx, node, 'Gather', { attrs: { axis: { int: axisOf(axis, operand(node, 0).type.shape.length) } } });
