import { sameDim, sumDims } from '../dim.ts';
import { axisOf, dimAt, inputAt, requireSameDType } from '../infer.ts';
import type { CoreOp } from '../op.ts';
import { type HostTensor, makeTensor, stridesOf } from '../tensor.ts';
import { printType } from '../types.ts';

type ConcatAttrs = { readonly axis: number };

export const concat: CoreOp<ConcatAttrs> & { readonly name: 'concat' } = {
  kind: 'core',
  name: 'concat',
  summary: 'Tensors one after another along an axis',
  infer(inputs, { axis }) {
    const first = inputAt(inputs, 0);
    requireSameDType(...inputs);
    const at = axisOf(axis, first.shape.length);
    for (const input of inputs) {
      const fits = input.shape.length === first.shape.length;
      if (!fits || input.shape.some((dim, i) => i !== at && !sameDim(dim, dimAt(first.shape, i)))) {
        throw new TypeError(`${printType(first)} and ${printType(input)} differ outside axis ${axis}`);
      }
    }
    const total = sumDims(inputs.map((input) => dimAt(input.shape, at)));
    return [{ dtype: first.dtype, shape: first.shape.map((dim, i) => (i === at ? total : dim)) }];
  },
  reference(inputs, { axis }, outputs) {
    const { dtype, shape } = inputAt(outputs, 0);
    return [concatTensors(inputs, axisOf(axis, shape.length), dtype, shape)];
  },
  samples: [
    { name: 'columns', inputs: [{ type: 'f32[2 3]' }, { type: 'f32[2 1]' }], attrs: { axis: -1 } },
    { name: 'rows', inputs: [{ type: 'f32[2 3]' }, { type: 'f32[0 3]' }, { type: 'f32[1 3]' }], attrs: { axis: 0 } },
    { name: 'one', inputs: [{ type: 'f32[2 3]' }], attrs: { axis: 1 } },
  ],
};

export function concatTensors(
  inputs: readonly HostTensor[],
  axis: number,
  dtype: HostTensor['dtype'],
  shape: readonly number[],
): HostTensor {
  const inner = stridesOf(shape)[axis] ?? 1;
  const total = shape[axis] ?? 0;
  const owner = inputs.flatMap((input, which) =>
    Array.from({ length: input.shape[axis] ?? 0 }, (_, along) => ({ which, along })),
  );
  return makeTensor(dtype, shape, (i) => {
    const outer = Math.floor(i / (inner * total));
    const { which, along } = inputAt(owner, Math.floor(i / inner) % total);
    const input = inputAt(inputs, which);
    return input.data[(outer * (input.shape[axis] ?? 0) + along) * inner + (i % inner)] ?? 0;
  });
}
