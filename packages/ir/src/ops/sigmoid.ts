import { unaryOp } from '../elementwise.ts';

export const sigmoid = unaryOp('sigmoid', '1/(1 + e^-x), element by element', (x) => 1 / (1 + Math.exp(-x)));
