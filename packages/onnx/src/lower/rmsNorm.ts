import type { ops } from '@casement/ir';
import { type LowerWhole, lowerTo } from '../context.ts';
import { ELEM_TYPE } from '../enums.ts';

/**
 * `RMSNormalization` computes in f32 (stash_type). Whether the weight is applied before or after rounding to half
 * precision is the runtime's choice, so `scaleInF32` is not told apart: one rounding of 2^-11 at most.
 */
export const rmsNorm: LowerWhole<typeof ops.rmsNorm> = (ctx, node, { eps }) => {
  const attrs = { axis: { int: -1 }, epsilon: { float: eps }, stash_type: { int: ELEM_TYPE.f32 } };
  lowerTo(ctx, node, 'RMSNormalization', { attrs });
  return undefined;
};
