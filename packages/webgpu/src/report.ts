import type { BufferKind, PlanVariant } from '@casement/runtime';
import type { ArenaUse } from './memory/arenaPlan.ts';

/** What a bundle takes on the device. Sizes in bytes. */
export interface BundleReport {
  readonly kernels: number;
  readonly memory: Readonly<Record<BufferKind, number>>;
  readonly entries: Readonly<Record<string, EntryReport>>;
}

/** A list of dispatches. */
export interface ListReport {
  readonly dispatches: number;
  readonly arena: ArenaUse;
  /** What fusions left alone, and why. */
  readonly notes: readonly string[];
}

export interface EntryReport extends ListReport {
  /** Lists for runs in which some dims have certain values, as in the plan: that for one token comes first. */
  readonly special: readonly SpecialReport[];
}

export interface SpecialReport extends ListReport {
  readonly when: Readonly<Record<string, number>>;
}

export function reportBundle(
  { buffers, kernels }: Pick<PlanVariant, 'buffers' | 'kernels'>,
  entries: Readonly<Record<string, EntryReport>>,
): BundleReport {
  const memory: Record<BufferKind, number> = { weights: 0, constants: 0, state: 0, inputs: 0, arena: 0, loop: 0 };
  for (const { kind, bytes } of Object.values(buffers)) memory[kind] += bytes;
  return { kernels: Object.keys(kernels).length, memory, entries };
}
