import { arity, inputAt } from '../infer.ts';
import type { CoreOp } from '../op.ts';
import { type QuantizedAttrs, quantizedTypes, requireQuantized, unpackNumber } from '../quantized.ts';
import { makeTensor } from '../tensor.ts';

export const dequantize: CoreOp<QuantizedAttrs> & { readonly name: 'dequantize' } = {
  kind: 'core',
  name: 'dequantize',
  summary: '(packed − zero)·scale for each block of a row: packed u8 [rows blocks bytes] → [rows columns]',
  infer(inputs, attrs) {
    arity(inputs, 2, 3);
    const weight = quantizedTypes(inputs, 0);
    if (weight.bias) throw new TypeError('input 2 must be zero points of u8');
    return [requireQuantized(weight, attrs)];
  },
  reference(inputs, { bits, block, columns }, outputs) {
    const [packed, scales, zeros] = [inputAt(inputs, 0), inputAt(inputs, 1), inputs[2]];
    const { dtype, shape } = inputAt(outputs, 0);
    const blocks = Math.ceil(columns / block);
    const [rowBytes, zeroBytes] = [(blocks * block * bits) / 8, Math.ceil((blocks * bits) / 8)];
    return [
      makeTensor(dtype, shape, (i) => {
        const [row, column] = [Math.floor(i / columns), i % columns];
        const at = Math.floor(column / block);
        const zero = zeros ? unpackNumber(zeros.data, row * zeroBytes, at, bits) : 2 ** (bits - 1);
        const number = unpackNumber(packed.data, row * rowBytes, column, bits);
        return (number - zero) * (scales.data[row * blocks + at] ?? 0);
      }),
    ];
  },
  samples: [
    {
      name: '4 bits',
      inputs: [
        { type: 'u8[3 2 8]', draw: { below: 256 } },
        { type: 'f32[3 2]', draw: { within: 0.2 } },
      ],
      attrs: { bits: 4, block: 16, columns: 32 },
    },
    {
      name: '4 bits, zero points, an odd number of blocks, the last one short',
      inputs: [
        { type: 'u8[4 3 16]', draw: { below: 256 } },
        { type: 'f32[4 3]', draw: { within: 0.2 } },
        { type: 'u8[4 2]', draw: { below: 256 } },
      ],
      attrs: { bits: 4, block: 32, columns: 67 },
    },
    {
      name: '8 bits',
      inputs: [
        { type: 'u8[3 2 32]', draw: { below: 256 } },
        { type: 'f32[3 2]', draw: { within: 0.01 } },
      ],
      attrs: { bits: 8, block: 32, columns: 64 },
    },
    {
      name: '8 bits, zero points, short',
      inputs: [
        { type: 'u8[2 1 16]', draw: { below: 256 } },
        { type: 'f32[2 1]', draw: { within: 0.01 } },
        { type: 'u8[2 1]', draw: { below: 256 } },
      ],
      attrs: { bits: 8, block: 16, columns: 5 },
    },
  ],
};
