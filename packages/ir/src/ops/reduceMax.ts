import { requireFloat } from '../infer.ts';
import { reduceOp } from '../reduce.ts';

function largest(run: Iterable<number>): number {
  let best = -Infinity;
  for (const x of run) best = Math.max(best, x);
  return best;
}

export const reduceMax = reduceOp('reduceMax', 'The maximum along an axis; −∞ for an empty one', largest, {
  allow: requireFloat,
  emptySample: true,
});
