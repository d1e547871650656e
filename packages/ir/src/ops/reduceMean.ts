import { requireFloat } from '../infer.ts';
import { reduceOp } from '../reduce.ts';

function average(run: Iterable<number>): number {
  let sum = 0;
  let count = 0;
  for (const x of run) {
    sum += x;
    count++;
  }
  return sum / count;
}

export const reduceMean = reduceOp('reduceMean', 'The mean along an axis that is not empty', average, {
  allow: requireFloat,
  emptySample: false,
});
