import type { DType, ops } from '@casement/ir';
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
  const [condition, x, y] = [0, 1, 2].map((index) => ctx.values.plain(operand(node, index)));
  if (!condition || !x || !y) return;
  const choice = ctx.writer.fresh(`${result.name}.u8`, { dtype: 'u8', shape: result.type.shape });
  ctx.writer.op('Where', [condition, castTensor(ctx, x, 'u8'), castTensor(ctx, y, 'u8')], choice);
  lowerTo(ctx, node, 'Cast', { inputs: [choice], attrs: { to: { int: ELEM_TYPE.bool } } });
};

function castTensor({ writer }: Context, x: Tensor, to: DType): Tensor {
  const result = writer.fresh(`${x.name}.${to}`, { dtype: to, shape: x.type.shape });
  return writer.op('Cast', [x], result, { attrs: { to: { int: ELEM_TYPE[to] } } });
}
