import { formatError } from '../format.ts';
import type { VerifyReport } from './verify.ts';

/** What quantising did to the results, against the golden of the weights as they were. */
export function formatEffect({ effect, golden, ...report }: VerifyReport): string[] {
  if (effect === undefined) return [];
  const { tolerance, passed, logits, imageTokens, greedySame, outputs = [] } = effect;
  const expected = report.kind === 'conversation' ? report.expectedGreedy.length : 0;
  const rows = [
    ...(logits
      ? [`logits: max abs ${formatError(logits.maxAbsolute)}, max rel ${formatError(logits.maxRelative)}`]
      : []),
    ...(imageTokens ? [`image tokens: max abs ${formatError(imageTokens.maxAbsolute)}`] : []),
    ...(greedySame === undefined ? [] : [`greedy: the first ${greedySame} of ${expected} tokens are the same`]),
    ...outputs.map(({ output, difference, mismatch, problem }) => {
      if (problem !== undefined) return `${output}: ${problem}`;
      return `${output}: ${difference ? `max abs ${formatError(difference.maxAbsolute)}` : `${mismatch?.count ?? 0} differ`}`;
    }),
  ];
  const verdict =
    tolerance === undefined ? 'decides nothing' : `allowed ${formatError(tolerance)}${passed ? '' : ', FAILED'}`;
  return ['', `what quantising does, reference against ${golden} (${verdict}):`, ...rows.map((row) => `  ${row}`)];
}
