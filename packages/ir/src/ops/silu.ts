import type { NoAttrs } from '../elementwise.ts';
import { arity, inputAt, requireFloat } from '../infer.ts';
import type { CompositeOp } from '../op.ts';
import { mul } from './mul.ts';
import { sigmoid } from './sigmoid.ts';

export const silu: CompositeOp<NoAttrs> & { readonly name: 'silu' } = {
  kind: 'composite',
  name: 'silu',
  summary: 'x·σ(x), element by element',
  infer(inputs) {
    arity(inputs, 1);
    requireFloat(...inputs);
    return [inputAt(inputs, 0)];
  },
  expand(emit, inputs) {
    const x = inputAt(inputs, 0);
    return [emit(mul, [x, emit(sigmoid, [x], {})], {})];
  },
  samples: [
    { name: 'matrix', inputs: [{ type: 'f32[3 5]' }], attrs: {} },
    { name: 'large', inputs: [{ type: 'f32[4]', values: [-100, -20, 20, 100] }], attrs: {} },
  ],
};
