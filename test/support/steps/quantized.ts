import { ops, type QuantizedAttrs, type Value } from '@casement/ir';
import { ROWS } from '../programCase.ts';
import { type Bounded, type Choice, choose, lastDim, SIZES, type Sketch, type Step } from './sketch.ts';

const BLOCK = 16;

/** Any bytes are a weight; sizes that fill no block, and blocks that fill no byte of zero points. */
function weight(
  sketch: Sketch,
  rows: number,
  columns: number,
  { n }: Choice,
): { operands: Value[]; attrs: QuantizedAttrs } {
  const bits = n % 2 === 0 ? 4 : 8;
  const blocks = Math.ceil(columns / BLOCK);
  const packed = sketch.shared.param([rows, blocks, (BLOCK * bits) / 8], n % 3, 'u8');
  const scales = sketch.shared.param([rows, blocks], n % 3);
  const zeros = n % 4 < 2 ? [sketch.shared.param([rows, Math.ceil((blocks * bits) / 8)], 0, 'u8')] : [];
  return { operands: [packed, scales, ...zeros], attrs: { bits, block: BLOCK, columns } };
}

/** A value divided by the largest number, so that products stay small. */
function scaled(sketch: Sketch, value: Value, { bits }: QuantizedAttrs): Value {
  return sketch.emit(ops.mul, [value, sketch.number(2 ** -bits)], {});
}

export const quantizedLinear: Step = (sketch, choice) => {
  const { a, b, n } = choice;
  const fits = (value: Value) =>
    value.type.shape.length >= 2 && typeof lastDim(value) === 'number' && lastDim(value) !== 0;
  const x = sketch.pick(a, fits);
  if (!x) return undefined;
  const [rows, columns] = [choose(SIZES, b), Number(lastDim(x.value))];
  const { operands, attrs } = weight(sketch, rows, columns, choice);
  const bias = n % 5 === 0 ? [sketch.shared.param([rows])] : [];
  const value = sketch.emit(ops.quantizedLinear, [scaled(sketch, x.value, attrs), ...operands, ...bias], attrs);
  return { value, bound: 4 * x.bound * columns + 4 };
};

/** Rows of a table by ids, [1 seq columns], picked before or after the table is dequantised. */
export const quantizedEmbed: Step = (sketch, choice): Bounded => {
  const columns = choose([...SIZES, 20, 40], choice.b);
  const { operands, attrs } = weight(sketch, ROWS, columns, choice);
  const rows =
    choice.n % 7 === 0
      ? sketch.emit(ops.gather, [sketch.emit(ops.dequantize, operands, attrs), sketch.ids], { axis: 0 })
      : sketch.emit(ops.quantizedGather, [sketch.ids, ...operands], attrs);
  return { value: scaled(sketch, rows, attrs), bound: 4 };
};
