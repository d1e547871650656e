import { unaryOp } from '../elementwise.ts';

export const floor = unaryOp('floor', 'The largest whole number ≤ x, element by element', Math.floor);
