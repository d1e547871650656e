import type { ops } from '@casement/ir';
import { type Lower, lowerTo, operand } from '../context.ts';

export const transpose: Lower<typeof ops.transpose> = (ctx, node, { perm }) => {
  const x = ctx.values.plain(operand(node, 0));
  lowerTo(ctx, node, 'Transpose', { inputs: [x], dtype: x.type.dtype, attrs: { perm: { ints: perm } } });
};
