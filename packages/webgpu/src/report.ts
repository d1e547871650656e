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
}

export function reportBundle(
  { buffers, kernels, entries }: Pick<PlanVariant, 'buffers' | 'kernels' | 'entries'>,
  arena: Readonly<Record<string, ArenaUse>>,
): BundleReport {
  const memory: Record<BufferKind, number> = { weights: 0, constants: 0, state: 0, inputs: 0, arena: 0 };
  for (const { kind, bytes } of Object.values(buffers)) memory[kind] += bytes;
  const reports = Object.entries(entries).map(([name, { dispatches }]): [string, EntryReport] => {
    return [name, { dispatches: dispatches.length, arena: arena[name] ?? { bytes: 0, lowerBound: 0, unshared: 0 } }];
  });
  return { kernels: Object.keys(kernels).length, memory, entries: Object.fromEntries(reports) };
}
