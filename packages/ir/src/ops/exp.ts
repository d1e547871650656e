import { unaryOp } from '../elementwise.ts';

export const exp = unaryOp('exp', 'e^x, element by element', Math.exp);
