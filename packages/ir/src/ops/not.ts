import type { NoAttrs } from '../elementwise.ts';
import { arity, inputAt, requireDType } from '../infer.ts';
import type { CoreOp } from '../op.ts';
import { makeTensor } from '../tensor.ts';

export const not: CoreOp<NoAttrs> & { readonly name: 'not' } = {
  kind: 'core',
  name: 'not',
  summary: 'Logical not of bools, element by element',
  infer(inputs) {
    arity(inputs, 1);
    requireDType('bool', ...inputs);
    return [inputAt(inputs, 0)];
  },
  reference(inputs) {
    const { shape, data } = inputAt(inputs, 0);
    return [makeTensor('bool', shape, (i) => (data[i] ? 0 : 1))];
  },
  samples: [{ name: 'both', inputs: [{ type: 'bool[2]', values: [0, 1] }], attrs: {} }],
};
