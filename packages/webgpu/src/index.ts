export { loweredWhole } from './lower/index.ts';
export { lowerToWebGpu, type WebGpuBundle, type WebGpuOptions } from './lowerToWebGpu.ts';
export type { ArenaUse } from './memory/arenaPlan.ts';
export type { WeightLocation } from './memory/weights.ts';
export { type DeviceProfile, type ProfileLimits, portableProfile } from './profile.ts';
export type { BundleReport, EntryReport } from './report.ts';
