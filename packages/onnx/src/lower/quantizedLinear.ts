import { type ops, quantizedOperands } from '@casement/ir';
import { type LowerWhole, lowerTo, operand, resultOf } from '../context.ts';
import { MICROSOFT } from '../enums.ts';

/**
 * `MatMulNBits`, in float arithmetic: accuracy_level 4 would round activations to int8, which moved results by 1e-2
 * to 1e-1 where this is off by 1e-6. The bias is an operand in f32, which the CPU runs, and a node of its own in half
 * precision: the CUDA kernel refuses it ("MatMulNBits does not support bias in CUDA kernel").
 */
export const quantizedLinear: LowerWhole<typeof ops.quantizedLinear> = (ctx, node, { bits, block, columns }) => {
  const { writer, values } = ctx;
  const { packed, scales, zeros, bias } = quantizedOperands(node.inputs, 1);
  const rows = Number(packed.type.shape[0]);
  const weights = [operand(node, 0), packed, scales].map((value) => values.plain(value));
  const inputs = [...weights, ...(zeros ? [values.plain(zeros)] : [])];
  const sizes = { K: columns, N: rows, bits, block_size: block };
  const attrs = Object.fromEntries(Object.entries(sizes).map(([name, int]) => [name, { int }]));
  if (bias === undefined) lowerTo(ctx, node, 'MatMulNBits', { inputs, attrs, domain: MICROSOFT });
  else if (bias.type.dtype === 'f32') {
    const all = [...weights, zeros && values.plain(zeros), undefined, values.plain(bias)];
    lowerTo(ctx, node, 'MatMulNBits', { inputs: all, attrs, domain: MICROSOFT });
  } else {
    const { name, type } = resultOf(node);
    const product = writer.fresh(`${name}.product`, type);
    writer.op('MatMulNBits', inputs, product, { attrs, domain: MICROSOFT });
    lowerTo(ctx, node, 'Add', { inputs: [product, values.plain(bias)] });
  }
  return undefined;
};
