export { type BuildOptions, type BuildResult, build } from './artifact/build.ts';
export type { Profile, Target } from './artifact/compile.ts';
export { readManifest } from './artifact/manifest.ts';
export { openExecutor } from './artifact/openExecutor.ts';
export * from './authoring.ts';
export { UserError } from './error.ts';
export { formatInspection } from './inspect/formatInspection.ts';
export { type EntryInspection, type Inspection, inspectProgram, type StateInspection } from './inspect/inspect.ts';
export { type LoadedModel, loadModel } from './load/loadModel.ts';
export { type RunOptions, run } from './run.ts';
export { formatVerification } from './verify/formatVerification.ts';
export {
  type TargetReport,
  type VerifyOptions,
  type VerifyReport,
  type VerifyTarget,
  verify,
} from './verify/verify.ts';
