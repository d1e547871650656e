import { binaryOp } from '../elementwise.ts';
import { requireArithmetic } from '../infer.ts';

export const equal = binaryOp('equal', 'x = y as bool; shapes broadcast', (x, y) => Number(x === y), {
  allow: requireArithmetic,
  result: () => 'bool',
});
