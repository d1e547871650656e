import type { ops } from '@casement/ir';
import { type LowerWhole, lowerTo } from '../context.ts';
import { MICROSOFT } from '../enums.ts';

/** x·σ(αx) with α = 1. ai.onnx has `Swish` only from opset 24 on, so profile `onnx` expands silu. */
export const silu: LowerWhole<typeof ops.silu> = (ctx, node) => {
  lowerTo(ctx, node, 'QuickGelu', { attrs: { alpha: { float: 1 } }, domain: MICROSOFT });
  return undefined;
};
