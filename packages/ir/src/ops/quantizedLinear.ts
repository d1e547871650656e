import { arity, dimAt, inputAt, requireFloat, requireSameDim, requireSameDType, requireShape } from '../infer.ts';
import type { CompositeOp } from '../op.ts';
import { type QuantizedAttrs, quantizedOperands, quantizedTypes, requireQuantized } from '../quantized.ts';
import { printType } from '../types.ts';
import { dequantize } from './dequantize.ts';
import { linear } from './linear.ts';

export const quantizedLinear: CompositeOp<QuantizedAttrs> & { readonly name: 'quantizedLinear' } = {
  kind: 'composite',
  name: 'quantizedLinear',
  summary: 'x·Wᵀ (+ bias), W quantised by blocks: x [… columns], packed, scales, zeros?, bias? [rows] → [… rows]',
  infer(inputs, attrs) {
    arity(inputs, 3, 5);
    const x = inputAt(inputs, 0);
    const { bias, ...weight } = quantizedTypes(inputs, 1);
    const [rows, columns] = requireQuantized(weight, attrs).shape;
    requireFloat(x);
    requireSameDType(x, weight.scales, ...(bias ? [bias] : []));
    if (x.shape.length < 2) throw new TypeError(`needs at least two axes, got ${printType(x)}`);
    requireSameDim(dimAt(x.shape, x.shape.length - 1), columns ?? 1, "x's last size and the weight's columns");
    if (bias) requireShape(bias, [rows ?? 1], 'the bias');
    return [{ dtype: x.dtype, shape: [...x.shape.slice(0, -1), rows ?? 1] }];
  },
  expand(emit, inputs, attrs) {
    const { packed, scales, zeros, bias } = quantizedOperands(inputs, 1);
    const weight = emit(dequantize, [packed, scales, ...(zeros ? [zeros] : [])], attrs);
    return [emit(linear, [inputAt(inputs, 0), weight, ...(bias ? [bias] : [])], {})];
  },
  samples: [
    {
      name: '4 bits',
      inputs: [
        { type: 'f32[1 3 64]' },
        { type: 'u8[10 2 16]', draw: { below: 256 } },
        { type: 'f32[10 2]', draw: { within: 0.2 } },
      ],
      attrs: { bits: 4, block: 32, columns: 64 },
    },
    {
      name: '4 bits, zero points, bias, the last block short',
      inputs: [
        { type: 'f32[2 1 75]' },
        { type: 'u8[5 3 16]', draw: { below: 256 } },
        { type: 'f32[5 3]', draw: { within: 0.2 } },
        { type: 'u8[5 2]', draw: { below: 256 } },
        { type: 'f32[5]' },
      ],
      attrs: { bits: 4, block: 32, columns: 75 },
    },
    {
      name: '8 bits, bias',
      inputs: [
        { type: 'f32[7 32]' },
        { type: 'u8[6 2 16]', draw: { below: 256 } },
        { type: 'f32[6 2]', draw: { within: 0.01 } },
        { type: 'f32[6]' },
      ],
      attrs: { bits: 8, block: 16, columns: 32 },
    },
    {
      name: '8 bits, zero points',
      inputs: [
        { type: 'f32[1 1 96]' },
        { type: 'u8[70 3 32]', draw: { below: 256 } },
        { type: 'f32[70 3]', draw: { within: 0.01 } },
        { type: 'u8[70 3]', draw: { below: 256 } },
      ],
      attrs: { bits: 8, block: 32, columns: 96 },
    },
    {
      name: 'no rows of x',
      inputs: [
        { type: 'f32[1 0 32]' },
        { type: 'u8[4 1 16]', draw: { below: 256 } },
        { type: 'f32[4 1]', draw: { within: 0.2 } },
      ],
      attrs: { bits: 4, block: 32, columns: 32 },
    },
  ],
};
