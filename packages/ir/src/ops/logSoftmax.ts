import { castTo } from '../expand.ts';
import { arity, axisOf, inputAt, requireFloat } from '../infer.ts';
import type { CompositeOp } from '../op.ts';
import { exp } from './exp.ts';
import { log } from './log.ts';
import { reduceMax } from './reduceMax.ts';
import { reduceSum } from './reduceSum.ts';
import { sub } from './sub.ts';

type LogSoftmaxAttrs = { readonly axis: number };

export const logSoftmax: CompositeOp<LogSoftmaxAttrs> & { readonly name: 'logSoftmax' } = {
  kind: 'composite',
  name: 'logSoftmax',
  summary: 'x − log Σ e^x along an axis, computed in f32',
  infer(inputs, { axis }) {
    arity(inputs, 1);
    requireFloat(...inputs);
    const x = inputAt(inputs, 0);
    axisOf(axis, x.shape.length);
    return [x];
  },
  expand(emit, inputs, { axis }) {
    const x = inputAt(inputs, 0);
    const x32 = castTo(emit, x, 'f32');
    const along = { axis, keepDims: true };
    const shifted = emit(sub, [x32, emit(reduceMax, [x32], along)], {});
    const total = emit(reduceSum, [emit(exp, [shifted], {})], along);
    return [castTo(emit, emit(sub, [shifted, emit(log, [total], {})], {}), x.type.dtype)];
  },
  samples: [
    { name: 'last axis', inputs: [{ type: 'f32[2 3 5]' }], attrs: { axis: -1 } },
    { name: 'first axis', inputs: [{ type: 'f32[3 5]' }], attrs: { axis: 0 } },
    { name: 'large', inputs: [{ type: 'f32[1 3]', values: [1000, 999, -1000] }], attrs: { axis: 1 } },
  ],
};
