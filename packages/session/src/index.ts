export { argmax } from './argmax.ts';
export type { Batch, BatchingExecutor } from './batch.ts';
export { checkInputs, InputError } from './check.ts';
export * from './executor.ts';
export { type Caption, type CaptionInputs, captionStream, type FrameText } from './generation/captionStream.ts';
export {
  type Finish,
  type Generated,
  type GenerateInputs,
  generate,
  type TokenDecoder,
  whyOnHost,
} from './generation/generate.ts';
export { createSampler, type Sampler } from './generation/sampler.ts';
export { captionSettings, completeSettings, type GenerationSettings, SettingsError } from './generation/settings.ts';
export { type ConfigSettings, settingsFromConfig } from './generation/settingsFromConfig.ts';
export {
  imagePositions,
  insertedPositions,
  type MergedGrid,
  type PatchGrid,
  patchPositions,
  textPositions,
} from './positions.ts';
export { serially } from './serially.ts';
export { type ImageOptions, type ImagePatches, type ImageTokens, Session } from './session.ts';
