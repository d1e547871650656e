import { binaryOp } from '../elementwise.ts';
import { requireArithmetic } from '../infer.ts';

export const sub = binaryOp('sub', 'x − y; shapes broadcast', (x, y) => x - y, {
  allow: requireArithmetic,
});
