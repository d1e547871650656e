import type { Dim } from '../dim.ts';
import { arity, axisOf, dimAt, inputAt, requireArithmetic } from '../infer.ts';
import type { CoreOp } from '../op.ts';
import { makeTensor, stridesOf } from '../tensor.ts';

/** `count`: how many of the sorted indices are wanted; with `descending` they are the top k. */
type ArgSortAttrs = { readonly axis: number; readonly descending: boolean; readonly count: Dim };

export const argSort: CoreOp<ArgSortAttrs> & { readonly name: 'argSort' } = {
  kind: 'core',
  name: 'argSort',
  summary:
    'The i32 indices of the `count` smallest (or largest) elements along an axis, in order; of equal ones the first',
  infer(inputs, { axis, count }) {
    arity(inputs, 1);
    const x = inputAt(inputs, 0);
    requireArithmetic(x);
    const at = axisOf(axis, x.shape.length);
    const size = dimAt(x.shape, at);
    if (typeof count === 'number' && (count < 0 || (typeof size === 'number' && count > size))) {
      throw new TypeError(`cannot pick ${count} of ${size} elements`);
    }
    return [{ dtype: 'i32', shape: x.shape.map((dim, i) => (i === at ? count : dim)) }];
  },
  reference(inputs, { axis, descending }, outputs) {
    const { shape: full, data } = inputAt(inputs, 0);
    const { shape } = inputAt(outputs, 0);
    const at = axisOf(axis, full.length);
    const [inner, size, count] = [stridesOf(full)[at] ?? 1, full[at] ?? 1, shape[at] ?? 1];
    if (count > size) throw new RangeError(`argSort: cannot pick ${count} of ${size} elements`);
    const sign = descending ? -1 : 1;
    const orders = Array.from({ length: size === 0 ? 0 : data.length / size }, (_, run) => {
      const start = Math.floor(run / inner) * size * inner + (run % inner);
      const element = (j: number) => data[start + j * inner] ?? 0;
      return Array.from({ length: size }, (_, j) => j).sort((a, b) => sign * (element(a) - element(b)) || a - b);
    });
    return [
      makeTensor('i32', shape, (i) => {
        const run = Math.floor(i / (inner * count)) * inner + (i % inner);
        return orders[run]?.[Math.floor(i / inner) % count] ?? 0;
      }),
    ];
  },
  samples: [
    { name: 'all, ascending', inputs: [{ type: 'f32[2 7]' }], attrs: { axis: -1, descending: false, count: 7 } },
    { name: 'top two', inputs: [{ type: 'f32[3 5 2]' }], attrs: { axis: 1, descending: true, count: 2 } },
    ...[true, false].map((descending) => ({
      name: `ties, ${descending ? 'descending' : 'ascending'}`,
      inputs: [{ type: 'f32[2 6]', values: [1, 2, 1, 2, 1, 0, 3, 3, 3, -1, 3, -1] }],
      attrs: { axis: 1, descending, count: 4 },
    })),
    {
      name: 'integers',
      inputs: [{ type: 'i32[5 2]', values: [4, -3, 0, 7, 2, 7, 3, -100000, 1, 0] }],
      attrs: { axis: 0, descending: false, count: 5 },
    },
    { name: 'none', inputs: [{ type: 'f32[2 3]' }], attrs: { axis: 1, descending: true, count: 0 } },
  ],
};
