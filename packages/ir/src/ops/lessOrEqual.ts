import { binaryOp } from '../elementwise.ts';
import { requireArithmetic } from '../infer.ts';

export const lessOrEqual = binaryOp('lessOrEqual', 'x ≤ y as bool; shapes broadcast', (x, y) => Number(x <= y), {
  allow: requireArithmetic,
  result: () => 'bool',
});
