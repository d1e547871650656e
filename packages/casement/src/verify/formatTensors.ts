import { formatError, formatTable } from '../format.ts';
import type { OutputReport } from './compareOutput.ts';
import type { TensorReport } from './verify.ts';

const INTEGERS = {
  f32: 'integers must be the same',
  f16: 'integers do not decide, since near ties may fall the other way',
  bf16: 'integers do not decide, since near ties may fall the other way',
} as const;

/** The lines of a report on tensors, but for its departures: a row for each output, a column for each target. */
export function formatTensors({ model, golden, dtype, float, effect, targets }: TensorReport): string[] {
  const rows = (targets[0]?.outputs ?? []).map(({ entry, output, shape }, i) => {
    const results = targets.map((target) => formatOutput(target.outputs[i]));
    return [entry === undefined ? output : `${entry}.${output}`, `[${shape.join(', ')}]`, ...results];
  });
  const unused = targets[0]?.unused ?? [];
  const allowed = ['allowed', '', ...targets.map(({ tolerance }) => formatError(tolerance))];
  return [
    `${model} against ${golden}`,
    `${dtype}; largest absolute differences, against ${effect ? 'the reference on dequantised weights' : 'PyTorch'}; ${INTEGERS[float]}`,
    '',
    formatTable([['output', 'shape', ...targets.map(({ target }) => target)], ...rows, allowed]),
    ...(unused.length > 0 ? ['', `in the golden, but neither given nor compared: ${unused.join(', ')}`] : []),
    ...targets.flatMap(({ target, outputs }) => outputs.flatMap((report) => explain(target, report))),
  ];
}

function formatOutput(report: OutputReport | undefined): string {
  if (report === undefined) return 'missing';
  const { passed, difference, mismatch, problem } = report;
  const result = difference ? formatError(difference.maxAbsolute) : mismatch ? `${mismatch.count} differ` : 'same';
  return `${problem === undefined ? result : 'other shape'}${passed ? '' : ' FAILED'}`;
}

/** What a cell of the table has no room for. */
function explain(target: string, { output, passed, mismatch, problem }: OutputReport): string[] {
  if (problem !== undefined) return ['', `${output} of ${target} ${problem}`];
  if (mismatch === undefined || passed) return [];
  const { at, got, wanted } = mismatch;
  return ['', `${output} of ${target} differs first at [${at.join(', ')}]: ${got}, not ${wanted}`];
}
