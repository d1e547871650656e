import { type Dim, productDims, sameDim } from '../dim.ts';
import { arity, inputAt } from '../infer.ts';
import type { CoreOp } from '../op.ts';
import { printShape, printType } from '../types.ts';

type ReshapeAttrs = { readonly shape: readonly Dim[] };

export const reshape: CoreOp<ReshapeAttrs> & { readonly name: 'reshape' } = {
  kind: 'core',
  name: 'reshape',
  summary: 'The same elements, row-major, under another shape',
  infer(inputs, { shape }) {
    arity(inputs, 1);
    const x = inputAt(inputs, 0);
    const [from, to] = [productDims(x.shape), productDims(shape)];
    if (!sameDim(from, to)) {
      throw new TypeError(`cannot reshape ${printType(x)} to ${printShape(shape)}: ${from} elements, not ${to}`);
    }
    return [{ dtype: x.dtype, shape }];
  },
  reference(inputs, _attrs, outputs) {
    const x = inputAt(inputs, 0);
    return [{ ...x, shape: inputAt(outputs, 0).shape }];
  },
  samples: [
    { name: 'split', inputs: [{ type: 'f32[2 6]' }], attrs: { shape: [2, 2, 3] } },
    { name: 'to scalar', inputs: [{ type: 'f32[1 1]' }], attrs: { shape: [] } },
    { name: 'empty', inputs: [{ type: 'f32[0 6]' }], attrs: { shape: [0, 2, 3] } },
  ],
};
