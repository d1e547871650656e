export { type AttentionOptions, attention, attentionWeights } from './attention.ts';
export { add, and, div, equal, less, lessOrEqual, max, min, mul, or, pow, sub } from './binary.ts';
export { compress, nonZero } from './compress.ts';
export { constant } from './constant.ts';
export { type Conv2dOptions, conv2d, maxPool2d, meanPool2d, type Pool2dOptions } from './conv.ts';
export { gather, gatherAlong, oneHot, scatterAlong } from './gather.ts';
export { broadcastTo, iota, mergeHeads, reshape, splitHeads, transpose } from './layout.ts';
export { linear, matmul } from './linear.ts';
export { groupNorm, layerNorm, type RmsNormOptions, rmsNorm, standardize } from './norm.ts';
export {
  argMax,
  argMin,
  cumSum,
  l2Normalize,
  logSoftmax,
  reduceMax,
  reduceMean,
  reduceMin,
  reduceSum,
  softmax,
} from './reduce.ts';
export { type RopeOptions, rope } from './rope.ts';
export { maxSimilarity } from './similarity.ts';
export { concat, type PadOptions, pad, slice, stack } from './slice.ts';
export { argSort, type SortOptions, sort, type TopK, topK } from './sort.ts';
export {
  abs,
  cast,
  clip,
  cos,
  erf,
  exp,
  floor,
  gelu,
  log,
  neg,
  not,
  quickGelu,
  rsqrt,
  sigmoid,
  silu,
  sin,
  sqrt,
  swiglu,
  tanh,
} from './unary.ts';
export { where } from './where.ts';
