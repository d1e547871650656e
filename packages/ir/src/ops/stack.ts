import type { NoAttrs } from '../elementwise.ts';
import { inputAt, requireSameDType, requireShape } from '../infer.ts';
import type { CompositeOp } from '../op.ts';
import { concat } from './concat.ts';
import { reshape } from './reshape.ts';

export const stack: CompositeOp<NoAttrs> & { readonly name: 'stack' } = {
  kind: 'composite',
  name: 'stack',
  summary: 'n tensors of one shape along a new first axis of size n',
  infer(inputs) {
    const first = inputAt(inputs, 0);
    requireSameDType(...inputs);
    for (const input of inputs) requireShape(input, first.shape, 'every part');
    return [{ dtype: first.dtype, shape: [inputs.length, ...first.shape] }];
  },
  expand(emit, inputs) {
    const parts = inputs.map((input) => emit(reshape, [input], { shape: [1, ...input.type.shape] }));
    return [emit(concat, parts, { axis: 0 })];
  },
  samples: [
    { name: 'matrices', inputs: [{ type: 'f32[2 3]' }, { type: 'f32[2 3]' }, { type: 'f32[2 3]' }], attrs: {} },
    {
      name: 'scalars',
      inputs: [
        { type: 'i32[]', values: [4] },
        { type: 'i32[]', values: [-1] },
      ],
      attrs: {},
    },
    { name: 'one', inputs: [{ type: 'f32[2]' }], attrs: {} },
  ],
};
