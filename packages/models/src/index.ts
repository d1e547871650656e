export { ConfigError } from './config/configError.ts';
export { type ParsedConfig, parseConfig } from './config/parseConfig.ts';
export { type DecoderModel, decoder } from './decoder.ts';
export {
  type BiasConfig,
  type Capacity,
  DEFAULT_CAPACITY,
  type DecoderConfig,
  type NormConfig,
  type RopeConfig,
} from './decoderConfig.ts';
export type { Fusion, FusionLayers, Insertion } from './fusion.ts';
export { mlp } from './mlp.ts';
export { modelFromConfig } from './modelFromConfig.ts';
export { norm } from './norm.ts';
export { projections } from './projections.ts';
export { selfAttention } from './selfAttention.ts';
export type { PatchConfig, VisionConfig } from './vision/visionConfig.ts';
export { type VisionLanguageConfig, visionLanguageModel } from './visionLanguageModel.ts';
