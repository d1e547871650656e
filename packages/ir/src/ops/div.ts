import { binaryOp } from '../elementwise.ts';
import { requireFloat } from '../infer.ts';

export const div = binaryOp('div', 'x/y of floats; shapes broadcast', (x, y) => x / y, {
  allow: requireFloat,
  right: 'positive',
  integers: false,
});
