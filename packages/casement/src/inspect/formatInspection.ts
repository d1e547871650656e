import { formatBytes, formatTable } from '../format.ts';
import type { EntryInspection, Inspection, StateInspection } from './inspect.ts';

/** The text that `casement inspect` prints. */
export function formatInspection({ name, dims, params, states, entries }: Inspection): string {
  const cacheBytes = states.reduce((sum, state) => sum + state.bytesAtCapacity, 0);
  const sizes = Object.entries(dims).map(([dim, { min, max, multipleOf }]) => {
    return [`           ${dim}`, `${min} … ${max}${multipleOf === 1 ? '' : `, multiples of ${multipleOf}`}`];
  });
  return [
    `model    ${name}`,
    `weights  ${params.elements.toLocaleString('en')} parameters in ${params.tensors} tensors, ${formatBytes(params.bytes)}`,
    `caches   ${formatBytes(cacheBytes)} at capacity, ${states.length} tensors`,
    ...formatStates(states),
    'dims',
    formatTable(sizes),
    ...entries.flatMap(formatEntry),
  ].join('\n');
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

function formatEntry({ name, inputs, outputs, nodes, ops }: EntryInspection): string[] {
  const list = (tensors: Readonly<Record<string, string>>) =>
    Object.entries(tensors)
      .map(([tensor, type]) => `${tensor}: ${type}`)
      .join(', ');
  const counts = Object.entries(ops).map(([op, count]) => `${count} ${op}`);
  const signature = `entry    ${name}(${list(inputs)}) → ${list(outputs) || 'states only'}`;
  return [signature, `           ${nodes} nodes: ${counts.join(', ')}`];
}
