import type { ops } from '@casement/ir';
import { type Lower, lowerTo } from '../context.ts';
import { ELEM_TYPE } from '../enums.ts';

export const cast: Lower<typeof ops.cast> = (ctx, node, { to }) =>
  lowerTo(ctx, node, 'Cast', { attrs: { to: { int: ELEM_TYPE[to] } } });
