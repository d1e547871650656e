import { sameDim } from '../dim.ts';
import { broadcastReader } from '../elementwise.ts';
import { arity, axisOf, dimAt, inputAt, requireDType } from '../infer.ts';
import type { CoreOp } from '../op.ts';
import { makeTensor, stridesOf } from '../tensor.ts';
import { printType, type TensorType } from '../types.ts';

type GatherAlongAttrs = { readonly axis: number };

export const gatherAlong: CoreOp<GatherAlongAttrs> & { readonly name: 'gatherAlong' } = {
  kind: 'core',
  name: 'gatherAlong',
  summary:
    "Elements of x along an axis, picked by i32 indices of their own for each run (PyTorch's gather): indices have x's " +
    'rank, any size along the axis, and elsewhere its size or 1, which holds for all',
  infer(inputs, { axis }) {
    arity(inputs, 2);
    const [x, indices] = [inputAt(inputs, 0), inputAt(inputs, 1)];
    return [{ dtype: x.dtype, shape: pickedShape(x, indices, axis) }];
  },
  reference(inputs, { axis }, outputs) {
    const [x, indices] = [inputAt(inputs, 0), inputAt(inputs, 1)];
    const { dtype, shape } = inputAt(outputs, 0);
    const at = axisOf(axis, shape.length);
    const [inner, rows, picked] = [stridesOf(shape)[at] ?? 1, x.shape[at] ?? 1, shape[at] ?? 1];
    for (const index of indices.data) {
      if (index < 0 || index >= rows) throw new RangeError(`gatherAlong: index ${index} is outside 0 … ${rows - 1}`);
    }
    const indexAt = broadcastReader(indices, shape);
    return [
      makeTensor(dtype, shape, (i) => {
        const outer = Math.floor(i / (inner * picked));
        return x.data[(outer * rows + indexAt(i)) * inner + (i % inner)] ?? 0;
      }),
    ];
  },
  samples: [
    {
      name: 'one per row',
      inputs: [{ type: 'f32[3 5]' }, { type: 'i32[3 1]', values: [4, 0, 2] }],
      attrs: { axis: 1 },
    },
    {
      name: 'rows of each batch',
      inputs: [{ type: 'f32[2 4 3]' }, { type: 'i32[2 5 1]', draw: { below: 4 } }],
      attrs: { axis: 1 },
    },
    {
      name: 'every element for itself',
      inputs: [{ type: 'f32[2 4 3]' }, { type: 'i32[2 2 3]', draw: { below: 4 } }],
      attrs: { axis: -2 },
    },
    {
      name: 'integers, the same for all rows',
      inputs: [
        { type: 'i32[3 4]', draw: { below: 90 } },
        { type: 'i32[1 2]', values: [3, 3] },
      ],
      attrs: { axis: 1 },
    },
    { name: 'none', inputs: [{ type: 'f32[2 3]' }, { type: 'i32[2 0]' }], attrs: { axis: 1 } },
  ],
};

/** The shape of what indices pick of x along an axis. Throws TypeError when they do not fit x. */
export function pickedShape(x: TensorType, indices: TensorType, axis: number) {
  requireDType('i32', indices);
  const at = axisOf(axis, x.shape.length);
  const fits = (i: number) => i === at || indices.shape[i] === 1 || sameDim(dimAt(indices.shape, i), dimAt(x.shape, i));
  if (indices.shape.length !== x.shape.length || !x.shape.every((_, i) => fits(i))) {
    throw new TypeError(
      `indices ${printType(indices)} must have the sizes of ${printType(x)}, or 1, but for axis ${axis}`,
    );
  }
  return x.shape.map((dim, i) => (i === at ? dimAt(indices.shape, at) : dim));
}
