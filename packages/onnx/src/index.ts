export type { Profile } from './context.ts';
export { loweredWhole } from './lower/index.ts';
export { lowerToOnnx, type OnnxModel, type OnnxOptions, type OnnxTarget, type StateTarget } from './lowerToOnnx.ts';
export { printOnnx } from './printOnnx.ts';
export type { WeightPlace } from './proto.ts';
