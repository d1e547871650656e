import { castTo, scalar } from '../expand.ts';
import { arity, axisOf, dimAt, inputAt, requireSameDType, requireShape } from '../infer.ts';
import type { CompositeOp } from '../op.ts';
import { argMax } from './argMax.ts';
import { equal } from './equal.ts';
import { gatherAlong, pickedShape } from './gatherAlong.ts';
import { iota } from './iota.ts';
import { less } from './less.ts';
import { reduceSum } from './reduceSum.ts';
import { reshape } from './reshape.ts';
import { where } from './where.ts';

type ScatterAlongAttrs = { readonly axis: number };

export const scatterAlong: CompositeOp<ScatterAlongAttrs> & { readonly name: 'scatterAlong' } = {
  kind: 'composite',
  name: 'scatterAlong',
  summary:
    'x with `updates` at `indices` along an axis; indices are as in gatherAlong, one at least, and updates as what they ' +
    'pick there. Of equal indices the first counts; indices outside x hit nothing',
  infer(inputs, { axis }) {
    arity(inputs, 3);
    const [x, indices, updates] = [inputAt(inputs, 0), inputAt(inputs, 1), inputAt(inputs, 2)];
    requireSameDType(x, updates);
    const picked = pickedShape(x, indices, axis);
    requireShape(updates, picked, 'the updates');
    if (picked.includes(0)) throw new TypeError('needs at least one index');
    return [x];
  },
  expand(emit, inputs, attrs) {
    const [x, indices, updates] = [inputAt(inputs, 0), inputAt(inputs, 1), inputAt(inputs, 2)];
    const at = axisOf(attrs.axis, x.type.shape.length);
    const own = indices.type.shape;
    // Every place against every index: the first that is equal says which update the place takes.
    const row = emit(reshape, [indices], { shape: [...own.slice(0, at), 1, ...own.slice(at)] });
    const counted = emit(iota, [], { size: dimAt(x.type.shape, at) });
    const column = [dimAt(x.type.shape, at), 1, ...own.slice(at + 1).map(() => 1)];
    const hits = emit(equal, [row, emit(reshape, [counted], { shape: column })], {});
    const along = { axis: at + 1, keepDims: false };
    const hit = castTo(emit, hits, 'f32');
    const found = emit(less, [scalar(emit, 'f32', 0), emit(reduceSum, [hit], along)], {});
    const taken = emit(gatherAlong, [updates, emit(argMax, [hit], along)], attrs);
    return [emit(where, [found, taken, x], {})];
  },
  samples: [
    {
      name: 'rows of each batch',
      inputs: [{ type: 'f32[2 4 3]' }, { type: 'i32[2 2 1]', values: [3, 0, 1, 2] }, { type: 'f32[2 2 3]' }],
      attrs: { axis: 1 },
    },
    {
      name: 'the first of equal indices, and one outside',
      inputs: [
        { type: 'i32[5]', values: [1, 2, 3, 4, 5] },
        { type: 'i32[4]', values: [2, 4, 2, 9] },
        { type: 'i32[4]', values: [-1, -2, -3, -4] },
      ],
      attrs: { axis: 0 },
    },
    {
      name: 'every element for itself',
      inputs: [{ type: 'f32[3 4]' }, { type: 'i32[2 4]', values: [0, 1, 2, 0, 2, 2, 1, 1] }, { type: 'f32[2 4]' }],
      attrs: { axis: 0 },
    },
  ],
};
