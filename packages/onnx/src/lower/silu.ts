import type { ops } from '@casement/ir';
import { type LowerWhole, lowerTo } from '../context.ts';
import { MICROSOFT } from '../enums.ts';

/** x·σ(αx). ai.onnx has `Swish` only from opset 24 on, so profile `onnx` expands these. */
function timesSigmoid(alpha: number): LowerWhole<typeof ops.silu> {
  return (ctx, node) => {
    lowerTo(ctx, node, 'QuickGelu', { attrs: { alpha: { float: alpha } }, domain: MICROSOFT });
    return undefined;
  };
}

export const silu = timesSigmoid(1);
export const quickGelu = timesSigmoid(1.702);
