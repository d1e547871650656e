import { castTo, scalar } from '../expand.ts';
import { arity, axisOf, inputAt, requireFloat } from '../infer.ts';
import type { CompositeOp } from '../op.ts';
import { div } from './div.ts';
import { max } from './max.ts';
import { mul } from './mul.ts';
import { reduceSum } from './reduceSum.ts';
import { sqrt } from './sqrt.ts';

type L2NormalizeAttrs = { readonly axis: number; readonly eps: number };

export const l2Normalize: CompositeOp<L2NormalizeAttrs> & { readonly name: 'l2Normalize' } = {
  kind: 'composite',
  name: 'l2Normalize',
  summary: "x / max(√Σ x², eps) along an axis, computed in f32 (PyTorch's `normalize`)",
  infer(inputs, { axis }) {
    arity(inputs, 1);
    requireFloat(...inputs);
    const x = inputAt(inputs, 0);
    axisOf(axis, x.shape.length);
    return [x];
  },
  expand(emit, inputs, { axis, eps }) {
    const x = inputAt(inputs, 0);
    const x32 = castTo(emit, x, 'f32');
    const squares = emit(reduceSum, [emit(mul, [x32, x32], {})], { axis, keepDims: true });
    const length = emit(max, [emit(sqrt, [squares], {}), scalar(emit, 'f32', eps)], {});
    return [castTo(emit, emit(div, [x32, length], {}), x.type.dtype)];
  },
  samples: [
    { name: 'rows', inputs: [{ type: 'f32[2 3 5]' }], attrs: { axis: -1, eps: 1e-12 } },
    { name: 'columns', inputs: [{ type: 'f32[4 3]' }], attrs: { axis: 0, eps: 1e-12 } },
    {
      name: 'zeros',
      inputs: [{ type: 'f32[2 2]', values: [0, 0, 3, 4] }],
      attrs: { axis: 1, eps: 1e-12 },
    },
  ],
};
