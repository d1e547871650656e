import { type Dim, subDims } from '../dim.ts';
import { arity, axisOf, dimAt, inputAt } from '../infer.ts';
import type { CoreOp } from '../op.ts';
import { makeTensor, stridesOf } from '../tensor.ts';
import { printType } from '../types.ts';

/** `size` elements from `start` on, along `axis`. */
type SliceAttrs = { readonly axis: number; readonly start: Dim; readonly size: Dim };

export const slice: CoreOp<SliceAttrs> & { readonly name: 'slice' } = {
  kind: 'core',
  name: 'slice',
  summary: 'x[start … start+size−1] along one axis',
  infer(inputs, { axis, start, size }) {
    arity(inputs, 1);
    const x = inputAt(inputs, 0);
    const at = axisOf(axis, x.shape.length);
    const rest = subDims(subDims(dimAt(x.shape, at), start), size);
    const outside = [start, size, rest].some((dim) => typeof dim === 'number' && dim < 0);
    if (outside) throw new TypeError(`${size} elements from ${start} on exceed axis ${axis} of ${printType(x)}`);
    return [{ dtype: x.dtype, shape: x.shape.map((dim, i) => (i === at ? size : dim)) }];
  },
  reference(inputs, { axis, start }, outputs) {
    const x = inputAt(inputs, 0);
    const { dtype, shape } = inputAt(outputs, 0);
    const at = axisOf(axis, shape.length);
    const inner = stridesOf(shape)[at] ?? 1;
    const size = shape[at] ?? 0;
    const full = x.shape[at] ?? 0;
    const from = Number(start);
    if (from + size > full) throw new RangeError(`slice ${from} … ${from + size - 1} exceeds ${full} elements`);
    return [
      makeTensor(dtype, shape, (i) => {
        const outer = Math.floor(i / (inner * size));
        const along = Math.floor(i / inner) % size;
        return x.data[(outer * full + from + along) * inner + (i % inner)] ?? 0;
      }),
    ];
  },
  samples: [
    { name: 'last axis', inputs: [{ type: 'f32[2 6]' }], attrs: { axis: -1, start: 2, size: 3 } },
    { name: 'middle axis', inputs: [{ type: 'f32[2 4 3]' }], attrs: { axis: 1, start: 1, size: 2 } },
    { name: 'nothing', inputs: [{ type: 'f32[2 4]' }], attrs: { axis: 0, start: 1, size: 0 } },
  ],
};
