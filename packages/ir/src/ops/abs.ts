import { unaryOp } from '../elementwise.ts';

export const abs = unaryOp('abs', '|x|, element by element', Math.abs);
