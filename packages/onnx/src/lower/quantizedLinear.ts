import { type ops, quantizedOperands } from '@casement/ir';
import { type LowerWhole, lowerTo, operand, resultOf } from '../context.ts';
import { MICROSOFT } from '../enums.ts';

/**
 * `MatMulNBits`, in float arithmetic: accuracy_level 4 would round activations to int8, which moved results by 1e-2
 * to 1e-1 where this is off by 1e-6. The bias is added by a node of its own, because the CUDA kernel refuses it as an operand.
 */
export const quantizedLinear: LowerWhole<typeof ops.quantizedLinear> = (ctx, node, { bits, block, columns }) => {
  const { writer, values } = ctx;
  const { packed, scales, zeros, bias } = quantizedOperands(node.inputs, 1);
  const rows = Number(packed.type.shape[0]);
  const inputs = [operand(node, 0), packed, scales, ...(zeros ? [zeros] : [])].map((value) => values.plain(value));
  const sizes = { K: columns, N: rows, bits, block_size: block };
  const attrs = Object.fromEntries(Object.entries(sizes).map(([name, int]) => [name, { int }]));
  if (bias === undefined) lowerTo(ctx, node, 'MatMulNBits', { inputs, attrs, domain: MICROSOFT });
  else {
    const { name, type } = resultOf(node);
    const product = writer.fresh(`${name}.product`, type);
    writer.op('MatMulNBits', inputs, product, { attrs, domain: MICROSOFT });
    lowerTo(ctx, node, 'Add', { inputs: [product, values.plain(bias)] });
  }
  return undefined;
};
