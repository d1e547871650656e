import type { DType } from '../dtype.ts';
import { isDType, isFloat } from '../dtype.ts';
import { arity, inputAt } from '../infer.ts';
import type { CoreOp } from '../op.ts';
import { makeTensor } from '../tensor.ts';

type CastAttrs = { readonly to: DType };

export const cast: CoreOp<CastAttrs> & { readonly name: 'cast' } = {
  kind: 'core',
  name: 'cast',
  summary: 'x in another dtype; floats are truncated towards zero to integers, non-zero is true',
  infer(inputs, { to }) {
    arity(inputs, 1);
    if (!isDType(to)) throw new TypeError(`unknown dtype "${to}"`);
    return [{ dtype: to, shape: inputAt(inputs, 0).shape }];
  },
  reference(inputs, { to }) {
    const { shape, data } = inputAt(inputs, 0);
    const convert = to === 'bool' ? (x: number) => Number(x !== 0) : isFloat(to) ? (x: number) => x : Math.trunc;
    return [makeTensor(to, shape, (i) => convert(data[i] ?? 0))];
  },
  samples: [
    { name: 'float to i32', inputs: [{ type: 'f32[4]', values: [-1.7, -0.2, 0.9, 3] }], attrs: { to: 'i32' } },
    { name: 'i32 to float', inputs: [{ type: 'i32[3]', values: [-5, 0, 70000] }], attrs: { to: 'f32' } },
    { name: 'bool to float', inputs: [{ type: 'bool[2]', values: [0, 1] }], attrs: { to: 'f32' } },
    { name: 'i32 to bool', inputs: [{ type: 'i32[3]', values: [-5, 0, 1] }], attrs: { to: 'bool' } },
    { name: 'f32 to f32', inputs: [{ type: 'f32[3]' }], attrs: { to: 'f32' } },
  ],
};
