import { unaryOp } from '../elementwise.ts';

/** Error function to about 1e-16: its Taylor series near 0, a continued fraction of erfc further out. */
function errorFunction(x: number): number {
  const magnitude = Math.abs(x);
  if (magnitude > 6 || Number.isNaN(x)) return Math.sign(x) * (magnitude > 6 ? 1 : Number.NaN);
  if (magnitude < 2.5) {
    let term = x;
    let sum = x;
    for (let n = 1; Math.abs(term) > 1e-18 * Math.abs(sum); n++) {
      term *= -(x * x) / n;
      sum += term / (2 * n + 1);
    }
    return (2 / Math.sqrt(Math.PI)) * sum;
  }
  let fraction = 0;
  for (let n = 60; n > 0; n--) fraction = n / 2 / (magnitude + fraction);
  return Math.sign(x) * (1 - Math.exp(-x * x) / (Math.sqrt(Math.PI) * (magnitude + fraction)));
}

export const erf = unaryOp('erf', 'The error function, element by element', errorFunction);
