import type { Node, ops, Value } from '@casement/ir';
import { type Context, type LowerWhole, lowerTo, operand, resultOf } from '../context.ts';
import { MICROSOFT } from '../enums.ts';
import type { Tensor } from '../graphWriter.ts';

/**
 * The weight stays [out in] in its file: `FusedMatMul` reads it transposed; ai.onnx has no such matmul of more than two
 * axes, so profile `onnx` transposes it first, which ONNX Runtime fuses away.
 */
export const linear: LowerWhole<typeof ops.linear> = (ctx, node) => {
  const bias = node.inputs[2];
  if (bias === undefined) product(ctx, node);
  else lowerTo(ctx, node, 'Add', { inputs: [unbiased(ctx, node), ctx.values.plain(bias)] });
  return undefined;
};

function product(ctx: Context, node: Node): void {
  const { opType, inputs, options } = matmulOf(ctx, node);
  lowerTo(ctx, node, opType, { inputs, ...options });
}

function unbiased(ctx: Context, node: Node): Tensor {
  const { opType, inputs, options } = matmulOf(ctx, node);
  const { name, type } = resultOf(node);
  return ctx.writer.op(opType, inputs, ctx.writer.fresh(`${name}.product`, type), options);
}

function matmulOf(ctx: Context, node: Node) {
  const x = ctx.values.plain(operand(node, 0));
  const weight = operand(node, 1);
  if (ctx.profile === 'onnx') return { opType: 'MatMul', inputs: [x, transposed(ctx, weight)], options: {} };
  const options = { attrs: { transB: { int: 1 } }, domain: MICROSOFT } as const;
  return { opType: 'FusedMatMul', inputs: [x, ctx.values.plain(weight)], options };
}

function transposed(ctx: Context, weight: Value): Tensor {
  return ctx.once(`transposed ${weight.kind} ${weight.name}`, () =>
    ctx.values.transpose(ctx.values.plain(weight), [1, 0], ctx.writer.names.unique(`${weight.name}.transposed`)),
  );
}
