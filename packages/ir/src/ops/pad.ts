import { addDims, type Dim } from '../dim.ts';
import { scalar } from '../expand.ts';
import { arity, axisOf, dimAt, inputAt } from '../infer.ts';
import type { CompositeOp } from '../op.ts';
import { broadcastTo } from './broadcastTo.ts';
import { concat } from './concat.ts';

/** How many elements of `value` come before and after, along `axis`. */
type PadAttrs = { readonly axis: number; readonly before: Dim; readonly after: Dim; readonly value: number };

export const pad: CompositeOp<PadAttrs> & { readonly name: 'pad' } = {
  kind: 'composite',
  name: 'pad',
  summary: 'x with a constant before and after it along one axis',
  infer(inputs, { axis, before, after }) {
    arity(inputs, 1);
    const x = inputAt(inputs, 0);
    const at = axisOf(axis, x.shape.length);
    const negative = [before, after].find((dim) => typeof dim === 'number' && dim < 0);
    if (negative !== undefined) throw new TypeError(`cannot add ${negative} elements; use slice to take some away`);
    const total = addDims(addDims(before, dimAt(x.shape, at)), after);
    return [{ dtype: x.dtype, shape: x.shape.map((dim, i) => (i === at ? total : dim)) }];
  },
  expand(emit, inputs, { axis, before, after, value }) {
    const x = inputAt(inputs, 0);
    const at = axisOf(axis, x.type.shape.length);
    const border = (size: Dim) => {
      const shape = x.type.shape.map((dim, i) => (i === at ? size : dim));
      return size === 0 ? [] : [emit(broadcastTo, [scalar(emit, x.type.dtype, value)], { shape })];
    };
    return [emit(concat, [...border(before), x, ...border(after)], { axis: at })];
  },
  samples: [
    { name: 'both ends', inputs: [{ type: 'f32[2 3]' }], attrs: { axis: 1, before: 1, after: 2, value: -1 } },
    { name: 'rows after', inputs: [{ type: 'f32[2 3]' }], attrs: { axis: 0, before: 0, after: 1, value: 0 } },
    { name: 'nothing', inputs: [{ type: 'f32[2 3]' }], attrs: { axis: -1, before: 0, after: 0, value: 0 } },
    {
      name: 'integers around nothing',
      inputs: [{ type: 'i32[0]' }],
      attrs: { axis: 0, before: 2, after: 1, value: 7 },
    },
  ],
};
