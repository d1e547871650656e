import { binaryOp } from '../elementwise.ts';
import { requireArithmetic } from '../infer.ts';

export const max = binaryOp('max', 'The larger of x and y; shapes broadcast', Math.max, {
  allow: requireArithmetic,
});
