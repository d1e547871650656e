import type { RowThreads } from '../kernels/sumThreads.ts';
import type { DeviceProfile } from '../profile.ts';

/** Threads of a workgroup where each thread works alone. Few, so that small kernels still keep all cores busy. */
export const LONE_THREADS = 16;

/** Results that a unit computes: a lone thread shares what it reads of x among more rows than a workgroup need to. */
export function resultsPerUnit({ kind }: DeviceProfile): number {
  return kind === 'cpu' ? 8 : 4;
}

/** How a device runs `projectRows` over rows of so many steps: a thread per unit, or a workgroup whose threads share it. */
export function rowThreads({ kind, features }: DeviceProfile, steps: number): RowThreads {
  if (kind === 'cpu') {
    return { unit: 'thread', size: LONE_THREADS, sum: 'none', quads: features.has('subgroups') };
  }
  const sum = features.has('subgroups') ? 'subgroups' : 'memory';
  return { unit: 'group', size: steps < 64 ? 32 : 64, sum, quads: false };
}
