import { binaryOp } from '../elementwise.ts';
import { requireArithmetic } from '../infer.ts';

export const less = binaryOp('less', 'x < y as bool; shapes broadcast', (x, y) => Number(x < y), {
  allow: requireArithmetic,
  result: () => 'bool',
});
