import { binaryOp } from '../elementwise.ts';
import { requireArithmetic } from '../infer.ts';

export const min = binaryOp('min', 'The smaller of x and y; shapes broadcast', Math.min, {
  allow: requireArithmetic,
});
