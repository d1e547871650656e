import type { NoAttrs } from '../elementwise.ts';
import { castTo, scalar } from '../expand.ts';
import { arity, inputAt, requireFloat } from '../infer.ts';
import type { CompositeOp } from '../op.ts';
import { mul } from './mul.ts';
import { sigmoid } from './sigmoid.ts';

export const quickGelu: CompositeOp<NoAttrs> & { readonly name: 'quickGelu' } = {
  kind: 'composite',
  name: 'quickGelu',
  summary: 'x·σ(1.702·x), element by element (Hendrycks & Gimpel, arXiv 1606.08415; CLIP)',
  infer(inputs) {
    arity(inputs, 1);
    requireFloat(...inputs);
    return [inputAt(inputs, 0)];
  },
  expand(emit, inputs) {
    const x = inputAt(inputs, 0);
    // In f32: the factor, rounded to half precision, would move every large result.
    const x32 = castTo(emit, x, 'f32');
    const share = emit(sigmoid, [emit(mul, [x32, scalar(emit, 'f32', 1.702)], {})], {});
    return [castTo(emit, emit(mul, [x32, share], {}), x.type.dtype)];
  },
  samples: [
    { name: 'matrix', inputs: [{ type: 'f32[3 5]' }], attrs: {} },
    { name: 'large', inputs: [{ type: 'f32[4]', values: [-100, -20, 20, 100] }], attrs: {} },
  ],
};
