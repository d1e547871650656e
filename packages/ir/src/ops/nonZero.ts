import { type Dim, namedDim, sameDim } from '../dim.ts';
import { arity, inputAt, requireDType, requireRank } from '../infer.ts';
import type { CoreOp } from '../op.ts';
import { makeTensor } from '../tensor.ts';

/** The dim that says how many are true; this node gives it its value. */
type NonZeroAttrs = { readonly count: Dim };

export const nonZero: CoreOp<NonZeroAttrs> & { readonly name: 'nonZero' } = {
  kind: 'core',
  name: 'nonZero',
  summary: 'bool [n] → the i32 [count] indices of its true elements, ascending; count is known when the node has run',
  infer(inputs, { count }) {
    arity(inputs, 1);
    const keep = inputAt(inputs, 0);
    requireDType('bool', keep);
    requireRank(keep, 1, 'what is counted');
    const name = String(count);
    if (!/^[A-Za-z_]\w*$/.test(name) || !sameDim(count, namedDim(name))) {
      throw new TypeError(`the count must be a dim of its own, got ${name}`);
    }
    return [{ dtype: 'i32', shape: [count] }];
  },
  counts(inputs) {
    return Array.from(inputAt(inputs, 0).data).filter((value) => value !== 0).length;
  },
  reference(inputs, _attrs, outputs) {
    const { data } = inputAt(inputs, 0);
    const indices = Array.from(data.keys()).filter((i) => data[i] !== 0);
    return [makeTensor('i32', inputAt(outputs, 0).shape, (i) => indices[i] ?? 0)];
  },
  samples: [
    { name: 'some', inputs: [{ type: 'bool[6]', values: [0, 1, 1, 0, 0, 1] }], attrs: { count: namedDim('found') } },
    { name: 'none', inputs: [{ type: 'bool[3]', values: [0, 0, 0] }], attrs: { count: namedDim('found') } },
    { name: 'all', inputs: [{ type: 'bool[2]', values: [1, 1] }], attrs: { count: namedDim('found') } },
    { name: 'many', inputs: [{ type: 'bool[200]', draw: { below: 2 } }], attrs: { count: namedDim('found') } },
    { name: 'of nothing', inputs: [{ type: 'bool[0]' }], attrs: { count: namedDim('found') } },
  ],
};
