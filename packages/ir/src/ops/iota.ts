import type { Dim } from '../dim.ts';
import { arity, inputAt } from '../infer.ts';
import type { CoreOp } from '../op.ts';
import { makeTensor } from '../tensor.ts';

type IotaAttrs = { readonly size: Dim };

export const iota: CoreOp<IotaAttrs> & { readonly name: 'iota' } = {
  kind: 'core',
  name: 'iota',
  summary: '0, 1, …, size−1 as i32[size]',
  infer(inputs, { size }) {
    arity(inputs, 0);
    return [{ dtype: 'i32', shape: [size] }];
  },
  reference(_inputs, _attrs, outputs) {
    return [makeTensor('i32', inputAt(outputs, 0).shape, (i) => i)];
  },
  samples: [
    { name: 'seven', inputs: [], attrs: { size: 7 } },
    { name: 'none', inputs: [], attrs: { size: 0 } },
  ],
};
