import { unaryOp } from '../elementwise.ts';

export const log = unaryOp('log', 'The natural logarithm, element by element', Math.log, 'positive');
