import { binaryOp } from '../elementwise.ts';
import { requireArithmetic } from '../infer.ts';

export const add = binaryOp('add', 'x + y; shapes broadcast', (x, y) => x + y, {
  allow: requireArithmetic,
});
