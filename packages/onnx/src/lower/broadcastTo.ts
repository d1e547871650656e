import { type ops, sameDim } from '@casement/ir';
import { type Lower, lowerTo, operand } from '../context.ts';

export const broadcastTo: Lower<typeof ops.broadcastTo> = (ctx, node, { shape }) => {
  const x = ctx.values.plain(operand(node, 0));
  // `Expand` takes 1 for a size that stays, so only sizes that grow are computed.
  const offset = shape.length - x.type.shape.length;
  const target = shape.map((dim, axis) => (sameDim(dim, x.type.shape[axis - offset] ?? 1) ? 1 : dim));
  lowerTo(ctx, node, 'Expand', { inputs: [x, ctx.dims.vector(target)], dtype: x.type.dtype });
};
