import { unaryOp } from '../elementwise.ts';

export const tanh = unaryOp('tanh', 'The hyperbolic tangent, element by element', Math.tanh);
