import { unaryOp } from '../elementwise.ts';

export const sqrt = unaryOp('sqrt', 'The square root, element by element', Math.sqrt, 'positive');
