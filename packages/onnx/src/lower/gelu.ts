import type { ops } from '@casement/ir';
import { type LowerWhole, lowerTo } from '../context.ts';

export const gelu: LowerWhole<typeof ops.gelu> = (ctx, node, { approximate }) => {
  lowerTo(ctx, node, 'Gelu', { attrs: { approximate: { text: approximate } } });
  return undefined;
};
