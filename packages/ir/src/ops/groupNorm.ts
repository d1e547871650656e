import { productDims } from '../dim.ts';
import { arity, dimAt, inputAt, requireFloat, requireSameDType, requireShape } from '../infer.ts';
import type { CompositeOp } from '../op.ts';
import { printType } from '../types.ts';
import type { Value } from '../value.ts';
import { add } from './add.ts';
import { mul } from './mul.ts';
import { reshape } from './reshape.ts';
import { standardize } from './standardize.ts';

type GroupNormAttrs = { readonly groups: number; readonly eps: number };

export const groupNorm: CompositeOp<GroupNormAttrs> & { readonly name: 'groupNorm' } = {
  kind: 'composite',
  name: 'groupNorm',
  summary:
    'x [batch channels …] with mean 0 and variance 1 in each group of channels, in f32, then ·w + b per channel ' +
    '(Wu & He, arXiv 1803.08494)',
  infer(inputs, { groups }) {
    arity(inputs, 3);
    requireFloat(...inputs);
    requireSameDType(...inputs);
    const x = inputAt(inputs, 0);
    if (x.shape.length < 2) throw new TypeError(`needs at least two axes, got ${printType(x)}`);
    const channels = dimAt(x.shape, 1);
    if (typeof channels !== 'number' || !(groups > 0) || channels % groups !== 0) {
      throw new TypeError(`${channels} channels do not divide into ${groups} groups`);
    }
    requireShape(inputAt(inputs, 1), [channels], 'the weight');
    requireShape(inputAt(inputs, 2), [channels], 'the bias');
    return [x];
  },
  expand(emit, inputs, { groups, eps }) {
    const [x, weight, bias] = [inputAt(inputs, 0), inputAt(inputs, 1), inputAt(inputs, 2)];
    const { shape } = x.type;
    const [batch, channels, places] = [dimAt(shape, 0), dimAt(shape, 1), shape.slice(2)];
    const size = productDims([Number(channels) / groups, ...places]); // infer has seen that channels is a number
    const grouped = emit(reshape, [x], { shape: [batch, groups, size] });
    const unit = emit(reshape, [emit(standardize, [grouped], { eps })], { shape });
    const perChannel = (value: Value) => emit(reshape, [value], { shape: [channels, ...places.map(() => 1)] });
    return [emit(add, [emit(mul, [unit, perChannel(weight)], {}), perChannel(bias)], {})];
  },
  samples: [
    {
      name: 'image',
      inputs: [{ type: 'f32[2 6 3 4]' }, { type: 'f32[6]' }, { type: 'f32[6]' }],
      attrs: { groups: 3, eps: 1e-6 },
    },
    {
      name: 'one group, no places',
      inputs: [{ type: 'f32[3 4]' }, { type: 'f32[4]' }, { type: 'f32[4]' }],
      attrs: { groups: 1, eps: 1e-5 },
    },
  ],
};
