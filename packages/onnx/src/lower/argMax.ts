import { axisOf, type ops } from '@casement/ir';
import { type Lower, lowerTo, operand, resultOf } from '../context.ts';
import { ELEM_TYPE } from '../enums.ts';

/** ONNX gives int64. */
export const argMax: Lower<typeof ops.argMax> = (ctx, node, { axis, keepDims }) => {
  const x = operand(node, 0);
  const { name, type } = resultOf(node);
  const attrs = { axis: { int: axisOf(axis, x.type.shape.length) }, keepdims: { int: keepDims ? 1 : 0 } };
  const wide = ctx.writer.fresh(`${name}.wide`, { dtype: 'i64', shape: type.shape });
  ctx.writer.op('ArgMax', [ctx.values.plain(x)], wide, { attrs });
  lowerTo(ctx, node, 'Cast', { inputs: [wide], attrs: { to: { int: ELEM_TYPE.i32 } } });
};
