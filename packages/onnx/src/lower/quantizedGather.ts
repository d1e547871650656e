import { ops, productDims, quantizedOperands } from '@casement/ir';
import { type LowerWhole, lowerTo, operand, resultOf } from '../context.ts';
import { MICROSOFT } from '../enums.ts';

/** `GatherBlockQuantized` on bytes. What stands over in the last block is cut off. */
export const quantizedGatherInBlocks: LowerWhole<typeof ops.quantizedGather> = (
  ctx,
  node,
  { bits, block, columns },
) => {
  const { writer, values } = ctx;
  const { packed, scales, zeros } = quantizedOperands(node.inputs, 1);
  const [rows = 0, blocks = 0] = packed.type.shape.map(Number);
  if (packed.kind !== 'param') return `${packed.name} is no param, and its bytes would have to be reshaped`;
  const table = writer.paramAs(packed, 'u8', [rows, (blocks * block * bits) / 8]);
  const inputs = [table, values.plain(operand(node, 0)), values.plain(scales), ...(zeros ? [values.plain(zeros)] : [])];
  const attrs = { bits: { int: bits }, block_size: { int: block }, gather_axis: { int: 0 }, quantize_axis: { int: 1 } };
  const options = { inputs, attrs, domain: MICROSOFT } as const;
  if (blocks * block === columns) lowerTo(ctx, node, 'GatherBlockQuantized', options);
  else {
    const { name, type } = resultOf(node);
    const shape = [...type.shape.slice(0, -1), blocks * block];
    const whole = writer.fresh(`${name}.blocks`, { dtype: type.dtype, shape });
    writer.op('GatherBlockQuantized', inputs, whole, options);
    const [start, end, axis] = [0, columns, -1].map((value) => writer.constant('i64', [1], [value]));
    lowerTo(ctx, node, 'Slice', { inputs: [whole, start, end, axis].flatMap((tensor) => tensor ?? []) });
  }
  return undefined;
};

/** Gathers packed rows and dequantises those alone: ai.onnx gathers no 4-bit numbers. */
export const quantizedGather: LowerWhole<typeof ops.quantizedGather> = (ctx, node, attrs) => {
  const result = resultOf(node);
  const emit = ctx.emitAs(result.name);
  const { packed, scales, zeros } = quantizedOperands(node.inputs, 1);
  const indices = operand(node, 0);
  const flat = emit(ops.reshape, [indices], { shape: [productDims(indices.type.shape)] });
  const rows = [packed, scales, ...(zeros ? [zeros] : [])].map((part) => emit(ops.gather, [part, flat], { axis: 0 }));
  const picked = emit(ops.dequantize, rows, attrs);
  ctx.values.alias(result, emit(ops.reshape, [picked], { shape: result.type.shape }));
  return undefined;
};
