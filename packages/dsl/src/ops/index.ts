export { type AttentionOptions, attention, attentionWeights } from './attention.ts';
export { add, and, div, equal, less, lessOrEqual, max, min, mul, or, pow, sub } from './binary.ts';
export { gather } from './gather.ts';
export { broadcastTo, iota, mergeHeads, reshape, splitHeads, transpose } from './layout.ts';
export { linear, matmul } from './linear.ts';
export { layerNorm, type RmsNormOptions, rmsNorm } from './norm.ts';
export { argMax, reduceMax, reduceMean, reduceSum, softmax } from './reduce.ts';
export { type RopeOptions, rope } from './rope.ts';
export { concat, slice } from './slice.ts';
export {
  abs,
  cast,
  cos,
  erf,
  exp,
  floor,
  gelu,
  log,
  neg,
  not,
  rsqrt,
  sigmoid,
  silu,
  sin,
  sqrt,
  swiglu,
  tanh,
} from './unary.ts';
export { where } from './where.ts';
