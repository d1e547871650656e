import type { RowThreads } from '../kernels/projectRows.ts';
import type { DeviceProfile } from '../profile.ts';

/** Threads of a workgroup where each thread works alone. Few, so that small kernels still keep all cores busy. */
export const LONE_THREADS = 32;

/** How a device runs `projectRows`. */
export function rowThreads(_profile: DeviceProfile): RowThreads {
  return { unit: 'thread', size: LONE_THREADS, sum: 'none' };
}
