/** What the devices of one class are sure to offer; kernels are chosen and buffers are cut for it. */
export interface DeviceProfile {
  /** The variant's name in the plan. */
  readonly name: string;
  /**
   * What its kernels are made for. `cpu`: adapters that run on the CPU, where barriers cost more than they save; each
   * thread computes a block of the result by itself. `gpu`: workgroups that share memory.
   */
  readonly kind: 'cpu' | 'gpu';
  /** Adapters that are given this class by themselves; absent: all. */
  readonly adapters?: 'cpu' | 'gpu';
  readonly features: ReadonlySet<ProfileFeature>;
  readonly limits: ProfileLimits;
}

/** WebGPU's features that kernels make use of, under their names there. */
export type ProfileFeature = 'subgroups' | 'shader-f16';

/** WebGPU's limits, under their names there. Sizes in bytes. */
export interface ProfileLimits {
  readonly maxStorageBufferBindingSize: number;
  readonly maxBufferSize: number;
  readonly maxStorageBuffersPerShaderStage: number;
  readonly maxComputeWorkgroupStorageSize: number;
  readonly maxComputeInvocationsPerWorkgroup: number;
}

/** What every WebGPU device offers. */
const defaultLimits: ProfileLimits = {
  maxStorageBufferBindingSize: 128 * 2 ** 20,
  maxBufferSize: 256 * 2 ** 20,
  maxStorageBuffersPerShaderStage: 8,
  maxComputeWorkgroupStorageSize: 16384,
  maxComputeInvocationsPerWorkgroup: 256,
};

/**
 * Every WebGPU device: the default limits, no features, no barriers. Half-precision activations are computed and kept in
 * f32; weights and states stay packed.
 */
export const portableProfile: DeviceProfile = {
  name: 'portable',
  kind: 'cpu',
  features: new Set(),
  limits: defaultLimits,
};

/**
 * Adapters that run on the CPU. Their subgroups are the lanes of SIMD instructions: passing a number to a neighbour costs
 * one instruction, reading it from memory about twenty.
 */
export const softwareProfile: DeviceProfile = {
  ...portableProfile,
  name: 'software',
  adapters: 'cpu',
  features: new Set(['subgroups']),
};

/** GPUs, of any kind. */
export const gpuProfile: DeviceProfile = { ...portableProfile, name: 'gpu', kind: 'gpu', adapters: 'gpu' };

/** GPUs with subgroups, of any size. */
export const gpuSubgroupsProfile: DeviceProfile = {
  ...gpuProfile,
  name: 'gpu-subgroups',
  features: new Set(['subgroups']),
};

/** GPUs with subgroups that compute with halves: activations take half the bytes. Sums are in f32 here, too. */
export const gpuSubgroupsF16Profile: DeviceProfile = {
  ...gpuSubgroupsProfile,
  name: 'gpu-subgroups-f16',
  features: new Set(['subgroups', 'shader-f16']),
};

/** All classes, best first. */
export const deviceProfiles: readonly DeviceProfile[] = [
  gpuSubgroupsF16Profile,
  gpuSubgroupsProfile,
  gpuProfile,
  softwareProfile,
  portableProfile,
];
