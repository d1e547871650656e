import { arity, inputAt, requireFloat } from '../infer.ts';
import type { CompositeOp } from '../op.ts';
import { type ReduceAttrs, reducedShape } from '../reduce.ts';
import { neg } from './neg.ts';
import { reduceMax } from './reduceMax.ts';

export const reduceMin: CompositeOp<ReduceAttrs> & { readonly name: 'reduceMin' } = {
  kind: 'composite',
  name: 'reduceMin',
  summary: 'The minimum along an axis; ∞ for an empty one',
  infer(inputs, attrs) {
    arity(inputs, 1);
    requireFloat(...inputs);
    const x = inputAt(inputs, 0);
    return [{ dtype: x.dtype, shape: reducedShape(x, attrs) }];
  },
  expand(emit, inputs, attrs) {
    return [emit(neg, [emit(reduceMax, [emit(neg, [inputAt(inputs, 0)], {})], attrs)], {})];
  },
  samples: reduceMax.samples,
};
