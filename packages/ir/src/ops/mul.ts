import { binaryOp } from '../elementwise.ts';
import { requireArithmetic } from '../infer.ts';

export const mul = binaryOp('mul', 'x·y; shapes broadcast', (x, y) => x * y, {
  allow: requireArithmetic,
});
