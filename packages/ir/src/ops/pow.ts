import type { NoAttrs } from '../elementwise.ts';
import { binaryOp } from '../elementwise.ts';
import { requireFloat } from '../infer.ts';
import type { CoreOp } from '../op.ts';

const base = binaryOp('pow', 'x^y of floats, x > 0; shapes broadcast', (x, y) => x ** y, {
  allow: requireFloat,
  integers: false,
});

export const pow: CoreOp<NoAttrs> & { readonly name: 'pow' } = {
  ...base,
  samples: [{ name: 'row', inputs: [{ type: 'f32[2 3]', draw: 'positive' }, { type: 'f32[3]' }], attrs: {} }],
};
