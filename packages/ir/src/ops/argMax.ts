import { requireFloat } from '../infer.ts';
import { reduceOp } from '../reduce.ts';

function indexOfLargest(run: Iterable<number>): number {
  let best = -Infinity;
  let bestAt = 0;
  let at = 0;
  for (const x of run) {
    if (x > best) [best, bestAt] = [x, at];
    at++;
  }
  return bestAt;
}

export const argMax = reduceOp('argMax', 'The index of the first maximum along an axis, as i32', indexOfLargest, {
  allow: requireFloat,
  result: 'i32',
  emptySample: false,
});
