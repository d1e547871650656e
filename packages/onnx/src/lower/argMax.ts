import { axisOf, type Node, type ops } from '@casement/ir';
import { type Context, type Lower, type LowerWhole, lowerTo, operand, resultOf } from '../context.ts';
import { ELEM_TYPE } from '../enums.ts';

export const argMax: Lower<typeof ops.argMax> = (ctx, node, attrs) => lowerIndex(ctx, node, 'ArgMax', attrs);

export const argMin: LowerWhole<typeof ops.argMin> = (ctx, node, attrs) => {
  lowerIndex(ctx, node, 'ArgMin', attrs);
  return undefined;
};

/** ONNX gives int64. */
function lowerIndex(
  ctx: Context,
  node: Node,
  opType: 'ArgMax' | 'ArgMin',
  { axis, keepDims }: { readonly axis: number; readonly keepDims: boolean },
): void {
  const x = operand(node, 0);
  const { name, type } = resultOf(node);
  const attrs = { axis: { int: axisOf(axis, x.type.shape.length) }, keepdims: { int: keepDims ? 1 : 0 } };
  const wide = ctx.writer.fresh(`${name}.wide`, { dtype: 'i64', shape: type.shape });
  ctx.writer.op(opType, [ctx.values.plain(x)], wide, { attrs });
  lowerTo(ctx, node, 'Cast', { inputs: [wide], attrs: { to: { int: ELEM_TYPE.i32 } } });
}
