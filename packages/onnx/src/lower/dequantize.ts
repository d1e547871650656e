import { type ops, quantizedOperands, type Value } from '@casement/ir';
import { type Context, type Lower, lowerTo, resultOf } from '../context.ts';
import { ELEM_TYPE } from '../enums.ts';
import type { Tensor } from '../graphWriter.ts';
import { unpackNumbers } from './unpackNumbers.ts';

/**
 * Blocked `DequantizeLinear` on the bytes as they are stored, whose 4-bit numbers ONNX packs in the same way. Bytes that
 * the graph computes are taken apart by arithmetic, since nothing casts them to the numbers packed in them.
 */
export const dequantize: Lower<typeof ops.dequantize> = (ctx, node, attrs) => {
  const { packed, zeros } = quantizedOperands(node.inputs, 0);
  if (packed.kind === 'param' && (!zeros || zeros.kind === 'param')) {
    dequantizeParam(ctx, node, attrs);
  } else {
    const result = resultOf(node);
    ctx.values.alias(result, unpackNumbers(ctx.emitAs(result.name), node.inputs, attrs));
  }
};

const dequantizeParam: Lower<typeof ops.dequantize> = (ctx, node, attrs) => {
  const { writer, values } = ctx;
  const { bits, block, columns } = attrs;
  const { packed, scales, zeros } = quantizedOperands(node.inputs, 0);
  const [rows = 0, blocks = 0] = scales.type.shape.map(Number);
  const dtype = bits === 4 ? 'u4' : 'u8';
  const whole = blocks * block;
  const numbers = writer.paramAs(packed, dtype, [rows, whole]);
  const points = zeros ? storedZeros(ctx, zeros, dtype, [rows, blocks]) : middle(ctx, dtype, [rows, blocks]);
  const inputs = [numbers, values.plain(scales), points];
  const blocked = { axis: { int: 1 }, block_size: { int: block } };
  if (whole === columns) return lowerTo(ctx, node, 'DequantizeLinear', { inputs, attrs: blocked });
  const { name, type } = resultOf(node);
  const padded = writer.fresh(`${name}.blocks`, { dtype: type.dtype, shape: [rows, whole] });
  writer.op('DequantizeLinear', inputs, padded, { attrs: blocked });
  lowerTo(ctx, node, 'Slice', { inputs: [padded, ...columnRange(ctx, columns)] });
};

/** Zero points [rows blocks]. Rows that end within a byte are cut as bytes: ONNX slices no 4-bit numbers. */
function storedZeros(ctx: Context, zeros: Value, dtype: 'u4' | 'u8', [rows, blocks]: [number, number]): Tensor {
  const { writer } = ctx;
  const perRow = (Number(zeros.type.shape[1]) * 8) / (dtype === 'u4' ? 4 : 8);
  const stored = writer.paramAs(zeros, dtype, [rows, perRow]);
  if (perRow === blocks) return stored;
  const bytes = writer.fresh(`${zeros.name}.bytes`, { dtype: 'u8', shape: [rows, perRow] });
  writer.op('Cast', [stored], bytes, { attrs: { to: { int: ELEM_TYPE.u8 } } });
  const cut = writer.fresh(`${zeros.name}.cut`, { dtype: 'u8', shape: [rows, blocks] });
  writer.op('Slice', [bytes, ...columnRange(ctx, blocks)], cut);
  return asNumbers(ctx, cut, dtype);
}

/** The zero point of symmetric weights, which ONNX has to be told. */
function middle(ctx: Context, dtype: 'u4' | 'u8', shape: [number, number]): Tensor {
  return ctx.once(`zero points ${dtype} ${shape}`, () => {
    const { writer } = ctx;
    const result = writer.fresh('zeroPoints', { dtype: 'u8', shape });
    writer.op('Expand', [writer.constant('u8', [1, 1], [dtype === 'u4' ? 8 : 128]), ctx.dims.vector(shape)], result);
    return asNumbers(ctx, result, dtype);
  });
}

function asNumbers({ writer }: Context, bytes: Tensor, dtype: 'u4' | 'u8'): Tensor {
  if (dtype === 'u8') return bytes;
  const result = writer.fresh(`${bytes.name}.u4`, { dtype, shape: bytes.type.shape });
  return writer.op('Cast', [bytes], result, { attrs: { to: { int: ELEM_TYPE.u4 } } });
}

/** Operands of `Slice` that keep the first columns of a matrix. */
function columnRange({ writer }: Context, columns: number): Tensor[] {
  return [0, columns, 1].map((value) => writer.constant('i64', [1], [value]));
}
