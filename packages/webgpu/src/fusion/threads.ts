import type { RowThreads } from '../kernels/projectRows.ts';
import type { DeviceProfile } from '../profile.ts';

/** Threads of a workgroup where each thread works alone. Few, so that small kernels still keep all cores busy. */
export const LONE_THREADS = 32;

/** How a device runs `projectRows` over rows of so many steps: a thread per unit, or a workgroup whose threads share it. */
export function rowThreads({ kind, features }: DeviceProfile, steps: number): RowThreads {
  if (kind === 'cpu') return { unit: 'thread', size: LONE_THREADS, sum: 'none' };
  return { unit: 'group', size: steps < 64 ? 32 : 64, sum: features.has('subgroups') ? 'subgroups' : 'memory' };
}
