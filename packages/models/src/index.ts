export { decoder } from './decoder.ts';
export {
  type BiasConfig,
  type Capacity,
  DEFAULT_CAPACITY,
  type DecoderConfig,
  type NormConfig,
  type RopeConfig,
} from './decoderConfig.ts';
export { ConfigError, decoderFromConfig } from './fromConfig.ts';
export type { Fusion } from './fusion.ts';
