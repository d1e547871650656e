import { poolOp } from '../pool.ts';

export const maxPool2d = poolOp(
  'maxPool2d',
  'The maximum of each window of x [batch channels height width]; what is left over at the ends is dropped',
  (window) => Math.max(...window),
);
