export { type Bundle, type BundleOptions, buildBundle } from './buildBundle.ts';
export { loweredWhole } from './lower/index.ts';
export { kernelRule } from './lower/kernelRule.ts';
export { lowerToWebGpu, type WebGpuBundle, type WebGpuOptions } from './lowerToWebGpu.ts';
export type { ArenaUse } from './memory/arenaPlan.ts';
export type { WeightLocation } from './memory/weights.ts';
export {
  type DeviceProfile,
  deviceProfiles,
  gpuProfile,
  gpuSubgroupsF16Profile,
  gpuSubgroupsProfile,
  type ProfileLimits,
  portableProfile,
  softwareProfile,
} from './profile.ts';
export type { BundleReport, EntryReport } from './report.ts';
