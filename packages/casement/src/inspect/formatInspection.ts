import { formatBytes, formatTable } from '../format.ts';
import { formatStream } from './formatStream.ts';
import type { EntryInspection, StateInspection } from './inspect.ts';
import type { Inspection } from './inspectModel.ts';
import type { ParamPart } from './paramParts.ts';
import type { RunCost } from './runCosts.ts';
import { withPrefix } from './units.ts';

/** The text that `casement inspect` prints. */
export function formatInspection(inspection: Inspection): string {
  const { name, dtype, dims, params, states, entries, runs, cacheBytesAtCapacity: caches } = inspection;
  const sizes = Object.entries(dims).map(([dim, { min, max, multipleOf }]) => {
    return [`           ${dim}`, `${min} … ${max}${multipleOf === 1 ? '' : `, multiples of ${multipleOf}`}`];
  });
  return [
    `model    ${name}, ${dtype}`,
    `weights  ${formatCount(params.elements)} parameters in ${params.tensors} tensors, ${formatBytes(params.bytes)}`,
    ...formatRows(params.parts.map(partRow)),
    `caches   ${formatBytes(caches)} at capacity, ${states.length} tensors`,
    ...formatStates(states),
    `memory   ${formatBytes(params.bytes + caches)}: weights and full caches`,
    ...(sizes.length > 0 ? ['dims'] : []),
    ...formatRows(sizes),
    ...entries.flatMap(formatEntry),
    ...formatRuns(runs),
    ...formatStream(inspection),
  ].join('\n');
}

/** Nothing, rather than an empty line, for no rows. */
function formatRows(rows: readonly (readonly string[])[]): string[] {
  return rows.length > 0 ? [formatTable(rows)] : [];
}

function partRow({ part, tensors, elements, bytes }: ParamPart): string[] {
  return [
    `           ${part}`,
    formatCount(elements),
    `${tensors} tensor${tensors === 1 ? '' : 's'}`,
    formatBytes(bytes),
  ];
}

function formatCount(count: number): string {
  return count.toLocaleString('en');
}

function formatRuns(runs: readonly RunCost[]): string[] {
  if (runs.length === 0) return [];
  const rows = runs.map(({ entry, given, flops, bytesRead }) => {
    return [`           ${entry}`, given, withPrefix(flops), formatBytes(bytesRead)];
  });
  return ['cost of one run', formatTable([['           entry', 'given', 'FLOP', 'weights and caches read'], ...rows])];
}

/** One line for all states of a kind: layers repeat. */
function formatStates(states: readonly StateInspection[]): string[] {
  const kinds = new Map<string, { count: number; bytes: number }>();
  for (const { type, capacity, grows, bytesAtCapacity } of states) {
    const kind = `${type}, up to ${capacity} ${grows}`;
    const { count, bytes } = kinds.get(kind) ?? { count: 0, bytes: 0 };
    kinds.set(kind, { count: count + 1, bytes: bytes + bytesAtCapacity });
  }
  return [...kinds].map(([kind, { count, bytes }]) => `           ${count} × ${kind}: ${formatBytes(bytes)}`);
}

function formatEntry({ name, inputs, outputs, nodes, ops, flops, bytesRead }: EntryInspection): string[] {
  const list = (tensors: Readonly<Record<string, string>>) =>
    Object.entries(tensors)
      .map(([tensor, type]) => `${tensor}: ${type}`)
      .join(', ');
  const counts = Object.entries(ops).map(([op, count]) => `${count} ${op}`);
  const signature = `entry    ${name}(${list(inputs)}) → ${list(outputs) || 'states only'}`;
  return [
    signature,
    `           ${nodes} nodes${counts.length > 0 ? ': ' : ''}${counts.join(', ')}`,
    `           FLOP = ${flops}`,
    `           bytes read = ${bytesRead}`,
  ];
}
