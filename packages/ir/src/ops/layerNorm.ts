import { arity, dimAt, inputAt, requireFloat, requireSameDType, requireShape } from '../infer.ts';
import type { CompositeOp } from '../op.ts';
import { add } from './add.ts';
import { mul } from './mul.ts';
import { standardize } from './standardize.ts';

type LayerNormAttrs = { readonly eps: number };

export const layerNorm: CompositeOp<LayerNormAttrs> & { readonly name: 'layerNorm' } = {
  kind: 'composite',
  name: 'layerNorm',
  summary: '(x − mean)/√(biased variance + eps)·w + b over the last axis, in f32 (Ba et al., arXiv 1607.06450)',
  infer(inputs) {
    arity(inputs, 3);
    requireFloat(...inputs);
    requireSameDType(...inputs);
    const x = inputAt(inputs, 0);
    const last = [dimAt(x.shape, x.shape.length - 1)];
    requireShape(inputAt(inputs, 1), last, 'the weight');
    requireShape(inputAt(inputs, 2), last, 'the bias');
    return [x];
  },
  expand(emit, inputs, { eps }) {
    const [x, weight, bias] = [inputAt(inputs, 0), inputAt(inputs, 1), inputAt(inputs, 2)];
    const unit = emit(standardize, [x], { eps });
    return [emit(add, [emit(mul, [unit, weight], {}), bias], {})];
  },
  samples: [
    {
      name: 'rows',
      inputs: [{ type: 'f32[2 3 10]' }, { type: 'f32[10]' }, { type: 'f32[10]' }],
      attrs: { eps: 1e-5 },
    },
  ],
};
