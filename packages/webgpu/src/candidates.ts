import type { DeviceProfile } from './profile.ts';
import type { KernelCall } from './wgsl/kernelBuilder.ts';

/** One way to compute an op, and the rule that says where it may be used. `S` is what the op's kernels are told. */
export interface Candidate<S> {
  /** The algorithm. */
  readonly kernel: string;
  /** Where it is taken, in words. */
  readonly rule: string;
  readonly when: (site: S, profile: DeviceProfile) => boolean;
  readonly build: (site: S) => KernelCall;
}

/** The call of the first candidate whose rule holds; the last one's always does. */
export function choose<S>(candidates: readonly Candidate<S>[], site: S, profile: DeviceProfile): KernelCall {
  const chosen = candidates.find(({ when }) => when(site, profile));
  if (chosen === undefined) throw new RangeError(`no kernel fits; tried ${candidates.map(({ kernel }) => kernel)}`);
  return chosen.build(site);
}

/** The rule of a candidate that fits everywhere. */
export const always = (): boolean => true;
