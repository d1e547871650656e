import { arity, dimAt, inputAt } from '../infer.ts';
import type { CoreOp } from '../op.ts';
import { makeTensor, stridesOf } from '../tensor.ts';
import { printType } from '../types.ts';

type TransposeAttrs = { readonly perm: readonly number[] };

export const transpose: CoreOp<TransposeAttrs> & { readonly name: 'transpose' } = {
  kind: 'core',
  name: 'transpose',
  summary: 'Axes in another order: result axis i is input axis perm[i]',
  infer(inputs, { perm }) {
    arity(inputs, 1);
    const x = inputAt(inputs, 0);
    const sorted = [...perm].sort((a, b) => a - b);
    if (perm.length !== x.shape.length || sorted.some((axis, i) => axis !== i)) {
      throw new TypeError(`perm [${perm.join(' ')}] is no order of the axes of ${printType(x)}`);
    }
    return [{ dtype: x.dtype, shape: perm.map((axis) => dimAt(x.shape, axis)) }];
  },
  reference(inputs, { perm }, outputs) {
    const x = inputAt(inputs, 0);
    const { dtype, shape } = inputAt(outputs, 0);
    const from = stridesOf(x.shape);
    const to = stridesOf(shape);
    const axes = perm.map((axis, i) => ({ size: shape[i] ?? 1, from: from[axis] ?? 0, to: to[i] ?? 1 }));
    const source = (index: number) =>
      axes.reduce((at, axis) => at + (Math.floor(index / axis.to) % axis.size) * axis.from, 0);
    return [makeTensor(dtype, shape, (i) => x.data[source(i)] ?? 0)];
  },
  samples: [
    { name: 'matrix', inputs: [{ type: 'f32[3 5]' }], attrs: { perm: [1, 0] } },
    { name: 'heads', inputs: [{ type: 'f32[2 3 4 5]' }], attrs: { perm: [0, 2, 1, 3] } },
    { name: 'integers', inputs: [{ type: 'i32[2 3 2]', draw: { below: 50 } }], attrs: { perm: [2, 0, 1] } },
  ],
};
