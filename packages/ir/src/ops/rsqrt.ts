import { unaryOp } from '../elementwise.ts';

export const rsqrt = unaryOp('rsqrt', '1/√x, element by element', (x) => 1 / Math.sqrt(x), 'positive');
