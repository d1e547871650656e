import { arity, inputAt, requireFloat } from '../infer.ts';
import type { CompositeOp } from '../op.ts';
import { type ReduceAttrs, reducedShape } from '../reduce.ts';
import { argMax } from './argMax.ts';
import { neg } from './neg.ts';

export const argMin: CompositeOp<ReduceAttrs> & { readonly name: 'argMin' } = {
  kind: 'composite',
  name: 'argMin',
  summary: 'The index of the first minimum along an axis, as i32',
  infer(inputs, attrs) {
    arity(inputs, 1);
    requireFloat(...inputs);
    return [{ dtype: 'i32', shape: reducedShape(inputAt(inputs, 0), attrs) }];
  },
  expand(emit, inputs, attrs) {
    return [emit(argMax, [emit(neg, [inputAt(inputs, 0)], {})], attrs)];
  },
  samples: [
    ...argMax.samples,
    {
      name: 'ties',
      inputs: [{ type: 'f32[2 3]', values: [4, 1, 1, -2, -2, 5] }],
      attrs: { axis: 1, keepDims: false },
    },
  ],
};
