import type { ops, Value } from '@casement/ir';
import { type Context, type Lower, lowerTo, operand, resultOf } from '../context.ts';
import { ELEM_TYPE } from '../enums.ts';
import type { Tensor } from '../graphWriter.ts';

export const where: Lower<typeof ops.where> = (ctx, node) => {
  const result = resultOf(node);
  if (result.type.dtype !== 'bool') {
    lowerTo(ctx, node, 'Where');
    return;
  }
  // ONNX Runtime chooses between numbers only.
  const [condition, x, y] = [operand(node, 0), operand(node, 1), operand(node, 2)];
  const inputs = [ctx.values.plain(condition), asU8(ctx, x), asU8(ctx, y)];
  const choice = ctx.writer.fresh(`${result.name}.u8`, { dtype: 'u8', shape: result.type.shape });
  ctx.writer.op('Where', inputs, choice);
  lowerTo(ctx, node, 'Cast', { inputs: [choice], attrs: { to: { int: ELEM_TYPE.bool } } });
};

function asU8({ writer, values }: Context, value: Value): Tensor {
  const result = writer.fresh(`${value.name}.u8`, { dtype: 'u8', shape: value.type.shape });
  return writer.op('Cast', [values.plain(value)], result, { attrs: { to: { int: ELEM_TYPE.u8 } } });
}
