import type { ops } from '@casement/ir';
import { type LowerWhole, lowerTo } from '../context.ts';
import { ELEM_TYPE } from '../enums.ts';

export const layerNorm: LowerWhole<typeof ops.layerNorm> = (ctx, node, { eps }) => {
  const attrs = { axis: { int: -1 }, epsilon: { float: eps }, stash_type: { int: ELEM_TYPE.f32 } };
  lowerTo(ctx, node, 'LayerNormalization', { attrs });
  return undefined;
};
