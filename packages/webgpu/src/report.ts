import type { BufferKind, PlanVariant } from '@casement/runtime';
import type { ArenaUse } from './memory/arenaPlan.ts';

/** What a bundle takes on the device. Sizes in bytes. */
export interface BundleReport {
  readonly kernels: number;
  readonly memory: Readonly<Record<BufferKind, number>>;
  readonly entries: Readonly<Record<string, EntryReport>>;
}

export interface EntryReport {
  readonly dispatches: number;
  readonly arena: ArenaUse;
  /** The list for runs in which some dims have these values, where the entry has one. */
  readonly special?: SpecialReport;
}

export interface SpecialReport {
  readonly when: Readonly<Record<string, number>>;
  readonly dispatches: number;
  readonly arena: ArenaUse;
  /** What fusions left alone, and why. */
  readonly notes: readonly string[];
}

export function reportBundle(
  { buffers, kernels, entries }: Pick<PlanVariant, 'buffers' | 'kernels' | 'entries'>,
  arena: Readonly<Record<string, ArenaUse>>,
  special: Readonly<Record<string, SpecialReport>>,
): BundleReport {
  const memory: Record<BufferKind, number> = { weights: 0, constants: 0, state: 0, inputs: 0, arena: 0, loop: 0 };
  for (const { kind, bytes } of Object.values(buffers)) memory[kind] += bytes;
  const reports = Object.entries(entries).map(([name, { dispatches }]): [string, EntryReport] => {
    const general = { dispatches: dispatches.length, arena: arena[name] ?? { bytes: 0, lowerBound: 0, unshared: 0 } };
    return [name, { ...general, ...(special[name] ? { special: special[name] } : {}) }];
  });
  return { kernels: Object.keys(kernels).length, memory, entries: Object.fromEntries(reports) };
}
