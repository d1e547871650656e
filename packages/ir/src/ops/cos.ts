import { unaryOp } from '../elementwise.ts';

export const cos = unaryOp('cos', 'The cosine of radians, element by element', Math.cos);
