import { poolOp } from '../pool.ts';

export const meanPool2d = poolOp(
  'meanPool2d',
  'The mean of each window of x [batch channels height width]; what is left over at the ends is dropped',
  (window) => window.reduce((total, value) => total + value, 0) / window.length,
);
