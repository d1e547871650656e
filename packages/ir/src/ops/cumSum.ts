import { arity, axisOf, inputAt, requireArithmetic } from '../infer.ts';
import type { CoreOp } from '../op.ts';
import { allocate, makeTensor, stridesOf } from '../tensor.ts';

type CumSumAttrs = { readonly axis: number };

export const cumSum: CoreOp<CumSumAttrs> & { readonly name: 'cumSum' } = {
  kind: 'core',
  name: 'cumSum',
  summary: 'The sum of an element and all before it along an axis',
  infer(inputs, { axis }) {
    arity(inputs, 1);
    const x = inputAt(inputs, 0);
    requireArithmetic(x);
    axisOf(axis, x.shape.length);
    return [x];
  },
  reference(inputs, { axis }) {
    const { dtype, shape, data } = inputAt(inputs, 0);
    const at = axisOf(axis, shape.length);
    const [stride, size] = [stridesOf(shape)[at] ?? 1, shape[at] ?? 1];
    const totals = dtype === 'i32' ? allocate('i32', data.length) : new Float64Array(data.length);
    data.forEach((value, i) => {
      const isFirst = Math.floor(i / stride) % size === 0;
      totals[i] = value + (isFirst ? 0 : (totals[i - stride] ?? 0));
    });
    return [makeTensor(dtype, shape, (i) => totals[i] ?? 0)];
  },
  samples: [
    { name: 'last axis', inputs: [{ type: 'f32[2 3 5]' }], attrs: { axis: -1 } },
    { name: 'first axis', inputs: [{ type: 'f32[4 3]' }], attrs: { axis: 0 } },
    { name: 'integers', inputs: [{ type: 'i32[2 4]', values: [1, 0, 1, 1, -5, 2, 0, 9] }], attrs: { axis: 1 } },
    { name: 'nothing', inputs: [{ type: 'f32[3 0]' }], attrs: { axis: 1 } },
  ],
};
