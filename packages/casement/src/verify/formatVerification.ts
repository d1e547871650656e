import { formatError, formatTable } from '../format.ts';
import { formatEffect } from './formatEffect.ts';
import { formatTensors } from './formatTensors.ts';
import type { ConversationReport, TargetReport, VerifyReport } from './verify.ts';

/** The text that `casement verify` prints. */
export function formatVerification(report: VerifyReport): string {
  const lines = report.kind === 'conversation' ? formatConversation(report) : formatTensors(report);
  return [
    ...lines,
    ...formatEffect(report),
    ...report.targets.flatMap(formatDeparture),
    ...report.notRun.flatMap(({ target, why }) => ['', `${target} was not run: ${why}.`]),
    '',
    report.passed
      ? `All targets${report.notRun.length > 0 ? ' that ran' : ''} agree with the ${truth(report)}.`
      : `Some targets do not agree with the ${truth(report)}.`,
  ].join('\n');
}

/** What targets are compared with. */
function truth({ golden, effect }: VerifyReport): string {
  return golden === undefined || effect ? 'reference' : 'golden';
}

function formatConversation(report: ConversationReport): string[] {
  const { model, golden, dtype, positions, images, expectedGreedy, targets, effect } = report;
  const by = effect ? 'the reference on dequantised weights' : golden ? 'PyTorch' : 'the reference';
  const rows = targets.map((target) => [
    target.target,
    formatError(target.chunked.maxAbsolute),
    formatError(target.chunked.maxRelative),
    formatError(target.tokenByToken.maxAbsolute),
    formatError(target.betweenBoth.maxAbsolute),
    formatError(target.tolerance),
    target.greedyMatches ? 'same' : 'differs',
    target.passed ? 'passed' : 'FAILED',
  ]);
  const header = ['target', 'max abs', 'max rel', 'token by token', 'chunks vs tokens', 'allowed', 'greedy', ''];
  return [
    `${model} against ${golden ?? 'the reference'}`,
    `${positions} positions, ${images} images, ${dtype}; differences are of logits, against ${by}`,
    '',
    formatTable([header, ...rows]),
    '',
    formatTable([
      ['expected', expectedGreedy.join(' ')],
      ...targets.map(({ target, greedy }) => [target, greedy.join(' ')]),
    ]),
    ...targets.flatMap(formatImageTokens),
  ];
}

function formatImageTokens({ target, imageTokens }: TargetReport): string[] {
  return imageTokens ? [`image tokens of ${target}: max abs ${formatError(imageTokens.maxAbsolute)}`] : [];
}

function formatDeparture({ target, passed, departure }: VerifyReport['targets'][number]): string[] {
  if (passed || target === 'reference') return [];
  if (!departure) return ['', `${target} departs from the golden, but no single value departs from the reference.`];
  const { entry, run, value, node, scope, place, maxAbsolute, maxRelative } = departure;
  return [
    '',
    `${target} departs from the reference first at ${value}, in run ${run} of ${entry}:`,
    `  max abs ${formatError(maxAbsolute)}, max rel ${formatError(maxRelative)}`,
    `  ${node}`,
    ...(scope ? [`  in ${scope}`] : []),
    ...(place ? [`  at ${place}`] : []),
  ];
}
