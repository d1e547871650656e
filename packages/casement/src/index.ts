export { type Generated, type GenerationSettings, generate } from '@casement/session';
export { type BuildOptions, type BuildResult, build } from './artifact/build.ts';
export type { Profile, Target } from './artifact/compile.ts';
export { readManifest } from './artifact/manifest.ts';
export { openExecutor } from './artifact/openExecutor.ts';
export * from './authoring.ts';
export { type ImportOptions, importModel } from './import/importModel.ts';
export { type InitOptions, type InitResult, initProject } from './init/initProject.ts';
export { formatInspection } from './inspect/formatInspection.ts';
export { formatWeightMap } from './inspect/formatWeightMap.ts';
export {
  type EntryInspection,
  inspectProgram,
  type ProgramInspection,
  type StateInspection,
} from './inspect/inspect.ts';
export { type Inspection, type InspectOptions, inspectModel } from './inspect/inspectModel.ts';
export { mapWeights, type WeightMap, type WeightMapOptions } from './inspect/weightMap.ts';
export { type LoadedModel, loadModel } from './load/loadModel.ts';
export type { CaptionOptions } from './model/captionFrames.ts';
export type { AskOptions, Chat } from './model/chat.ts';
export type { Message } from './model/chatPrompt.ts';
export type { ImageFile } from './model/imageReader.ts';
export { kvBytes } from './model/kvBytes.ts';
export { type OpenModel, type OpenModelOptions, openModel } from './model/openModel.ts';
export { presets } from './randomWeights/presets.ts';
export { type RandomWeightsOptions, randomWeights } from './randomWeights/randomWeights.ts';
export { truncateConfig } from './randomWeights/truncateConfig.ts';
export { type RunOptions, run } from './run.ts';
export type { Limits } from './serve/limits.ts';
export { type ServeOptions, type Server, serve } from './serve/serve.ts';
export { type TritonOptions, writeTriton } from './triton/writeTriton.ts';
export type { Mismatch, OutputReport } from './verify/compareOutput.ts';
export { formatVerification } from './verify/formatVerification.ts';
export {
  type ConversationReport,
  type TargetReport,
  type TensorReport,
  type TensorTargetReport,
  type VerifyOptions,
  type VerifyReport,
  type VerifyTarget,
  verify,
} from './verify/verify.ts';
