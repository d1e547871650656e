import type { NoAttrs } from '../elementwise.ts';
import { scalar } from '../expand.ts';
import {
  arity,
  dimAt,
  inputAt,
  requireDType,
  requireFloat,
  requireRank,
  requireSameDim,
  requireSameDType,
  requireShape,
} from '../infer.ts';
import type { CompositeOp } from '../op.ts';
import type { Value } from '../value.ts';
import { matmul } from './matmul.ts';
import { reduceMax } from './reduceMax.ts';
import { reshape } from './reshape.ts';
import { transpose } from './transpose.ts';
import { where } from './where.ts';

export const maxSimilarity: CompositeOp<NoAttrs> & { readonly name: 'maxSimilarity' } = {
  kind: 'composite',
  name: 'maxSimilarity',
  summary:
    'Late interaction (Khattab & Zaharia, arXiv 2004.12832; arXiv 2111.07783): for every pair of x [a m d] and y [b n d] ' +
    'and each row of x the largest product with a row of y → [a b m]; optional keep, bool [b n]; −∞ without any row',
  infer(inputs) {
    arity(inputs, 2, 3);
    const [x, y, keep] = [inputAt(inputs, 0), inputAt(inputs, 1), inputs[2]];
    requireFloat(x, y);
    requireSameDType(x, y);
    requireRank(x, 3, 'x');
    requireRank(y, 3, 'y');
    requireSameDim(dimAt(x.shape, 2), dimAt(y.shape, 2), 'the widths of x and y');
    if (keep) {
      requireDType('bool', keep);
      requireShape(keep, y.shape.slice(0, 2), 'keep');
    }
    return [{ dtype: x.dtype, shape: [dimAt(x.shape, 0), dimAt(y.shape, 0), dimAt(x.shape, 1)] }];
  },
  expand(emit, inputs) {
    const [x, y, keep] = [inputAt(inputs, 0), inputAt(inputs, 1), inputs[2]];
    const [a, m, d] = [dimAt(x.type.shape, 0), dimAt(x.type.shape, 1), dimAt(x.type.shape, 2)];
    const [b, n] = [dimAt(y.type.shape, 0), dimAt(y.type.shape, 1)];
    const rows = emit(reshape, [x], { shape: [a, 1, m, d] });
    const products = emit(matmul, [rows, emit(transpose, [y], { perm: [0, 2, 1] })], {});
    const hide = (kept: Value) => {
      const visible = emit(reshape, [kept], { shape: [b, 1, n] });
      return emit(where, [visible, products, scalar(emit, x.type.dtype, -Infinity)], {});
    };
    return [emit(reduceMax, [keep ? hide(keep) : products], { axis: -1, keepDims: false })];
  },
  samples: [
    { name: 'all pairs', inputs: [{ type: 'f32[2 3 4]' }, { type: 'f32[3 5 4]' }], attrs: {} },
    {
      name: 'some rows, and none',
      inputs: [{ type: 'f32[2 3 5]' }, { type: 'f32[2 4 5]' }, { type: 'bool[2 4]', values: [1, 0, 1, 1, 0, 0, 0, 0] }],
      attrs: {},
    },
  ],
};
