import { axisOf, type ops } from '@casement/ir';
import { type Lower, lowerTo, operand } from '../context.ts';

export const cumSum: Lower<typeof ops.cumSum> = (ctx, node, { axis }) => {
  const x = operand(node, 0);
  const along = ctx.writer.constant('i64', [], [axisOf(axis, x.type.shape.length)]);
  lowerTo(ctx, node, 'CumSum', { inputs: [ctx.values.plain(x), along] });
};
