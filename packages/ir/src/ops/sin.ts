import { unaryOp } from '../elementwise.ts';

export const sin = unaryOp('sin', 'The sine of radians, element by element', Math.sin);
