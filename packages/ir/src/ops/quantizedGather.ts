import { arity, inputAt, requireDType } from '../infer.ts';
import type { CompositeOp } from '../op.ts';
import { type QuantizedAttrs, quantizedOperands, quantizedTypes, requireQuantized } from '../quantized.ts';
import { dequantize } from './dequantize.ts';
import { gather } from './gather.ts';

export const quantizedGather: CompositeOp<QuantizedAttrs> & { readonly name: 'quantizedGather' } = {
  kind: 'composite',
  name: 'quantizedGather',
  summary: 'Rows of a table quantised by blocks: i32 indices […], packed, scales, zeros? → [… columns]',
  infer(inputs, attrs) {
    arity(inputs, 3, 4);
    const indices = inputAt(inputs, 0);
    const { bias, ...table } = quantizedTypes(inputs, 1);
    if (bias) throw new TypeError('input 3 must be zero points of u8');
    requireDType('i32', indices);
    const { dtype } = requireQuantized(table, attrs);
    return [{ dtype, shape: [...indices.shape, attrs.columns] }];
  },
  expand(emit, inputs, attrs) {
    const { packed, scales, zeros } = quantizedOperands(inputs, 1);
    const table = emit(dequantize, [packed, scales, ...(zeros ? [zeros] : [])], attrs);
    return [emit(gather, [table, inputAt(inputs, 0)], { axis: 0 })];
  },
  samples: [
    {
      name: '4 bits',
      inputs: [
        { type: 'i32[2 4]', draw: { below: 9 } },
        { type: 'u8[9 2 16]', draw: { below: 256 } },
        { type: 'f32[9 2]', draw: { within: 0.2 } },
      ],
      attrs: { bits: 4, block: 32, columns: 64 },
    },
    {
      name: '4 bits, zero points, the last block short',
      inputs: [
        { type: 'i32[3]', values: [6, 0, 6] },
        { type: 'u8[7 3 8]', draw: { below: 256 } },
        { type: 'f32[7 3]', draw: { within: 0.2 } },
        { type: 'u8[7 2]', draw: { below: 256 } },
      ],
      attrs: { bits: 4, block: 16, columns: 41 },
    },
    {
      name: '8 bits',
      inputs: [
        { type: 'i32[1 3]', draw: { below: 5 } },
        { type: 'u8[5 2 32]', draw: { below: 256 } },
        { type: 'f32[5 2]', draw: { within: 0.01 } },
      ],
      attrs: { bits: 8, block: 32, columns: 64 },
    },
    {
      name: '8 bits, zero points',
      inputs: [
        { type: 'i32[]', values: [3] },
        { type: 'u8[4 1 32]', draw: { below: 256 } },
        { type: 'f32[4 1]', draw: { within: 0.01 } },
        { type: 'u8[4 1]', draw: { below: 256 } },
      ],
      attrs: { bits: 8, block: 32, columns: 32 },
    },
    {
      name: 'none',
      inputs: [
        { type: 'i32[0]' },
        { type: 'u8[4 1 16]', draw: { below: 256 } },
        { type: 'f32[4 1]', draw: { within: 0.2 } },
      ],
      attrs: { bits: 4, block: 32, columns: 32 },
    },
  ],
};
