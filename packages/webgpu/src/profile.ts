/** What the devices of one class are sure to offer; kernels are chosen and buffers are cut for it. */
export interface DeviceProfile {
  /** The variant's name in the plan. */
  readonly name: string;
  readonly features: ReadonlySet<string>;
  readonly limits: ProfileLimits;
}

/** WebGPU's limits, under their names there. Sizes in bytes. */
export interface ProfileLimits {
  readonly maxStorageBufferBindingSize: number;
  readonly maxBufferSize: number;
  readonly maxStorageBuffersPerShaderStage: number;
}

/**
 * Every WebGPU device: the default limits, no features. Its kernels have no barriers and give each thread a whole row or
 * element, which is also what suits adapters that run on the CPU. Half-precision activations are computed and kept in
 * f32; weights and states stay packed.
 */
export const portableProfile: DeviceProfile = {
  name: 'portable',
  features: new Set(),
  limits: {
    maxStorageBufferBindingSize: 128 * 2 ** 20,
    maxBufferSize: 256 * 2 ** 20,
    maxStorageBuffersPerShaderStage: 8,
  },
};
