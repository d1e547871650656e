export type { Profile } from './context.ts';
export { adjacentParams } from './fuse/adjacentParams.ts';
export type { GivenInput, GivenKind } from './given.ts';
export { loweredWhole } from './lower/index.ts';
export {
  type BatchTarget,
  type EntryTarget,
  lowerToOnnx,
  type OnnxModel,
  type OnnxOptions,
  type OnnxTarget,
  type StateTarget,
} from './lowerToOnnx.ts';
export { printOnnx } from './printOnnx.ts';
export type { WeightPlace } from './proto.ts';
