import { requireArithmetic } from '../infer.ts';
import { reduceOp } from '../reduce.ts';

function total(run: Iterable<number>): number {
  let sum = 0;
  for (const x of run) sum += x;
  return sum;
}

export const reduceSum = reduceOp('reduceSum', 'The sum along an axis; 0 for an empty one', total, {
  allow: requireArithmetic,
  emptySample: true,
});
