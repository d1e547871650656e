import { formatReport, type MatchedParam, namePatterns } from '@casement/weights';
import { formatBytes } from '../format.ts';
import type { WeightMap } from './weightMap.ts';

/** What `casement build --dry-run` prints: every param with its tensor, layers folded, and what does not fit. */
export function formatWeightMap({ report, complete, bytes }: WeightMap): string {
  const verdict = complete
    ? `A build would write ${formatBytes(bytes)} of weights. Nothing was written.`
    : 'A build would refuse this. Nothing was written.';
  return [...formatMatched(report.matched), formatReport(report), '', verdict].join('\n');
}

function formatMatched(matched: readonly MatchedParam[]): string[] {
  if (matched.length === 0) return [];
  const patterns = namePatterns(matched, ({ name }) => name, variantOf);
  const lines = patterns.flatMap(({ text, items }) => {
    const [first] = items;
    const stored = first ? `${first.tensor.dtype} [${first.tensor.shape.join(', ')}]` : '';
    const count = items.length > 1 ? `  (${items.length} tensors)` : '';
    return [`  ${text}  ${stored}${count}`, ...originOf(items)];
  });
  return [`Matched (${matched.length}):`, ...lines, ''];
}

/** Params of one pattern stay on one line when their tensors are of one pattern and shape too. */
function variantOf({ name, tensor }: MatchedParam): string {
  const from = tensor.name === name ? '' : tensor.name.replace(/\d+/g, '#');
  return `${from} ${tensor.dtype} ${tensor.shape}`;
}

/** Where params come from whose tensors have other names. */
function originOf(items: readonly MatchedParam[]): string[] {
  const renamed = items.filter(({ name, tensor }) => tensor.name !== name);
  return namePatterns(
    renamed,
    ({ tensor }) => tensor.name,
    () => '',
  ).map(({ text }) => `      from ${text}`);
}
