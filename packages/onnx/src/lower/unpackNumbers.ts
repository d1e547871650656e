import { castTo, type Emit, ops, type QuantizedAttrs, quantizedOperands, scalar, type Value } from '@casement/ir';

/** `dequantize` in float arithmetic. */
export function unpackNumbers(emit: Emit, inputs: readonly Value[], { bits, block, columns }: QuantizedAttrs): Value {
  const { packed, scales, zeros } = quantizedOperands(inputs, 0);
  const [rows = 1, blocks = 1] = scales.type.shape;
  const numbers = emit(ops.reshape, [numbersOf(emit, packed, bits)], { shape: [rows, blocks, block] });
  const zero = zeros ? zeroPoints(emit, zeros, bits, [rows, blocks, 1]) : scalar(emit, 'f32', 2 ** (bits - 1));
  const centred = castTo(emit, emit(ops.sub, [numbers, zero], {}), scales.type.dtype);
  const scale = emit(ops.reshape, [scales], { shape: [rows, blocks, 1] });
  const whole = Number(blocks) * block;
  const weight = emit(ops.reshape, [emit(ops.mul, [centred, scale], {})], { shape: [rows, whole] });
  return whole === columns ? weight : emit(ops.slice, [weight], { axis: 1, start: 0, size: columns });
}

function zeroPoints(emit: Emit, zeros: Value, bits: number, shape: Value['type']['shape']): Value {
  const [rows = 1, blocks = 1] = shape;
  const perRow = (Number(zeros.type.shape[1]) * 8) / bits;
  const all = emit(ops.reshape, [numbersOf(emit, zeros, bits)], { shape: [rows, perRow] });
  return emit(ops.reshape, [emit(ops.slice, [all], { axis: 1, start: 0, size: blocks })], { shape });
}

/** f32 [… 2] of 4-bit numbers, f32 […] of 8-bit ones. */
function numbersOf(emit: Emit, packed: Value, bits: number): Value {
  const bytes = castTo(emit, packed, 'f32');
  if (bits === 8) return bytes;
  const high = emit(ops.floor, [emit(ops.mul, [bytes, scalar(emit, 'f32', 1 / 16)], {})], {});
  const low = emit(ops.sub, [bytes, emit(ops.mul, [high, scalar(emit, 'f32', 16)], {})], {});
  const shape = [...packed.type.shape, 1];
  const halves = [low, high].map((half) => emit(ops.reshape, [half], { shape }));
  return emit(ops.concat, halves, { axis: -1 });
}
