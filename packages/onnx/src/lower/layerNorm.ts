import type { ops } from '@casement/ir';
import { type LowerWhole, lowerTo, operand } from '../context.ts';
import { ELEM_TYPE } from '../enums.ts';

export const layerNorm: LowerWhole<typeof ops.layerNorm> = (ctx, node, { eps }) => {
  lowerTo(ctx, node, 'LayerNormalization', { attrs: attrsOf(eps) });
  return undefined;
};

/** ONNX wants a weight. */
export const standardize: LowerWhole<typeof ops.standardize> = (ctx, node, { eps }) => {
  const x = operand(node, 0);
  const size = x.type.shape.at(-1);
  if (typeof size !== 'number') return 'the size of the last axis is not fixed';
  const ones = ctx.writer.constant(x.type.dtype, [size], new Array<number>(size).fill(1), 'ones');
  lowerTo(ctx, node, 'LayerNormalization', { inputs: [ctx.values.plain(x), ones], attrs: attrsOf(eps) });
  return undefined;
};

function attrsOf(eps: number) {
  return { axis: { int: -1 }, epsilon: { float: eps }, stash_type: { int: ELEM_TYPE.f32 } };
}
