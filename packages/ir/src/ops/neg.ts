import { unaryOp } from '../elementwise.ts';

export const neg = unaryOp('neg', '-x, element by element', (x) => -x);
