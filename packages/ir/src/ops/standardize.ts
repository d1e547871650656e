import { castTo, scalar } from '../expand.ts';
import { arity, dimAt, inputAt, requireFloat } from '../infer.ts';
import type { CompositeOp } from '../op.ts';
import { add } from './add.ts';
import { mul } from './mul.ts';
import { reduceMean } from './reduceMean.ts';
import { rsqrt } from './rsqrt.ts';
import { sub } from './sub.ts';

type StandardizeAttrs = { readonly eps: number };

export const standardize: CompositeOp<StandardizeAttrs> & { readonly name: 'standardize' } = {
  kind: 'composite',
  name: 'standardize',
  summary: '(x − mean)/√(biased variance + eps) over the last axis, in f32: layer norm without weight and bias',
  infer(inputs) {
    arity(inputs, 1);
    requireFloat(...inputs);
    const x = inputAt(inputs, 0);
    dimAt(x.shape, x.shape.length - 1);
    return [x];
  },
  expand(emit, inputs, { eps }) {
    const x = inputAt(inputs, 0);
    const along = { axis: -1, keepDims: true };
    const x32 = castTo(emit, x, 'f32');
    const centred = emit(sub, [x32, emit(reduceMean, [x32], along)], {});
    const variance = emit(reduceMean, [emit(mul, [centred, centred], {})], along);
    const scale = emit(rsqrt, [emit(add, [variance, scalar(emit, 'f32', eps)], {})], {});
    return [castTo(emit, emit(mul, [centred, scale], {}), x.type.dtype)];
  },
  samples: [
    { name: 'rows', inputs: [{ type: 'f32[2 3 10]' }], attrs: { eps: 1e-5 } },
    { name: 'no rows', inputs: [{ type: 'f32[0 10]' }], attrs: { eps: 1e-5 } },
  ],
};
