import type { NoAttrs } from '../elementwise.ts';
import {
  arity,
  dimAt,
  inputAt,
  requireFloat,
  requireRank,
  requireSameDim,
  requireSameDType,
  requireShape,
} from '../infer.ts';
import type { CompositeOp } from '../op.ts';
import { printType } from '../types.ts';
import { add } from './add.ts';
import { matmul } from './matmul.ts';
import { transpose } from './transpose.ts';

export const linear: CompositeOp<NoAttrs> & { readonly name: 'linear' } = {
  kind: 'composite',
  name: 'linear',
  summary: 'x·Wᵀ (+ bias): x [… in], W [out in] as PyTorch stores it, bias [out] → [… out]',
  infer(inputs) {
    arity(inputs, 2, 3);
    const [x, weight, bias] = [inputAt(inputs, 0), inputAt(inputs, 1), inputs[2]];
    requireFloat(...inputs);
    requireSameDType(...inputs);
    requireRank(weight, 2, 'the weight');
    if (x.shape.length < 2) throw new TypeError(`needs at least two axes, got ${printType(x)}`);
    const [outSize, inSize] = [dimAt(weight.shape, 0), dimAt(weight.shape, 1)];
    requireSameDim(dimAt(x.shape, x.shape.length - 1), inSize, "x's last size and the weight's second");
    if (bias) requireShape(bias, [outSize], 'the bias');
    return [{ dtype: x.dtype, shape: [...x.shape.slice(0, -1), outSize] }];
  },
  expand(emit, inputs) {
    const [x, weight, bias] = [inputAt(inputs, 0), inputAt(inputs, 1), inputs[2]];
    const product = emit(matmul, [x, emit(transpose, [weight], { perm: [1, 0] })], {});
    return [bias ? emit(add, [product, bias], {}) : product];
  },
  samples: [
    { name: 'plain', inputs: [{ type: 'f32[2 3 5]' }, { type: 'f32[4 5]' }], attrs: {} },
    { name: 'bias', inputs: [{ type: 'f32[3 5]' }, { type: 'f32[7 5]' }, { type: 'f32[7]' }], attrs: {} },
    { name: 'wide', inputs: [{ type: 'f32[1 2 96]' }, { type: 'f32[130 96]' }], attrs: {} },
    { name: 'no rows', inputs: [{ type: 'f32[1 0 5]' }, { type: 'f32[4 5]' }], attrs: {} },
  ],
};
