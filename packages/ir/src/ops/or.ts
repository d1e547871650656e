import { binaryOp, type NoAttrs } from '../elementwise.ts';
import { requireDType } from '../infer.ts';
import type { CoreOp } from '../op.ts';

const base = binaryOp('or', 'Logical or of bools; shapes broadcast', (x, y) => Number(x || y), {
  allow: (type) => requireDType('bool', type),
});

export const or: CoreOp<NoAttrs> & { readonly name: 'or' } = {
  ...base,
  samples: [
    {
      name: 'truth table',
      inputs: [
        { type: 'bool[2 1]', values: [0, 1] },
        { type: 'bool[2]', values: [0, 1] },
      ],
      attrs: {},
    },
  ],
};
