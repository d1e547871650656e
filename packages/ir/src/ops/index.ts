import type { CompositeOp, CoreOp, Op } from '../op.ts';
import { abs } from './abs.ts';
import { add } from './add.ts';
import { and } from './and.ts';
import { append } from './append.ts';
import { argMax } from './argMax.ts';
import { argMin } from './argMin.ts';
import { argSort } from './argSort.ts';
import { attention } from './attention.ts';
import { attentionWeights } from './attentionWeights.ts';
import { broadcastTo } from './broadcastTo.ts';
import { cast } from './cast.ts';
import { clip } from './clip.ts';
import { concat } from './concat.ts';
import { constant } from './constant.ts';
import { conv2d } from './conv2d.ts';
import { cos } from './cos.ts';
import { cumSum } from './cumSum.ts';
import { dequantize } from './dequantize.ts';
import { div } from './div.ts';
import { equal } from './equal.ts';
import { erf } from './erf.ts';
import { exp } from './exp.ts';
import { floor } from './floor.ts';
import { gather } from './gather.ts';
import { gatherAlong } from './gatherAlong.ts';
import { gelu } from './gelu.ts';
import { groupNorm } from './groupNorm.ts';
import { iota } from './iota.ts';
import { l2Normalize } from './l2Normalize.ts';
import { layerNorm } from './layerNorm.ts';
import { less } from './less.ts';
import { lessOrEqual } from './lessOrEqual.ts';
import { linear } from './linear.ts';
import { log } from './log.ts';
import { logSoftmax } from './logSoftmax.ts';
import { matmul } from './matmul.ts';
import { max } from './max.ts';
import { maxPool2d } from './maxPool2d.ts';
import { maxSimilarity } from './maxSimilarity.ts';
import { meanPool2d } from './meanPool2d.ts';
import { min } from './min.ts';
import { mul } from './mul.ts';
import { neg } from './neg.ts';
import { nonZero } from './nonZero.ts';
import { not } from './not.ts';
import { oneHot } from './oneHot.ts';
import { or } from './or.ts';
import { pad } from './pad.ts';
import { pow } from './pow.ts';
import { quantizedGather } from './quantizedGather.ts';
import { quantizedLinear } from './quantizedLinear.ts';
import { quickGelu } from './quickGelu.ts';
import { reduceMax } from './reduceMax.ts';
import { reduceMean } from './reduceMean.ts';
import { reduceMin } from './reduceMin.ts';
import { reduceSum } from './reduceSum.ts';
import { reset } from './reset.ts';
import { reshape } from './reshape.ts';
import { rmsNorm } from './rmsNorm.ts';
import { rope } from './rope.ts';
import { rsqrt } from './rsqrt.ts';
import { scatterAlong } from './scatterAlong.ts';
import { sigmoid } from './sigmoid.ts';
import { silu } from './silu.ts';
import { sin } from './sin.ts';
import { slice } from './slice.ts';
import { softmax } from './softmax.ts';
import { sqrt } from './sqrt.ts';
import { stack } from './stack.ts';
import { standardize } from './standardize.ts';
import { sub } from './sub.ts';
import { swiglu } from './swiglu.ts';
import { tanh } from './tanh.ts';
import { transpose } from './transpose.ts';
import { where } from './where.ts';

/** Ops that every target lowers. */
export const coreOps = {
  abs,
  add,
  and,
  append,
  argMax,
  argSort,
  broadcastTo,
  cast,
  concat,
  constant,
  conv2d,
  cos,
  cumSum,
  dequantize,
  div,
  equal,
  erf,
  exp,
  floor,
  gather,
  gatherAlong,
  iota,
  less,
  lessOrEqual,
  log,
  matmul,
  max,
  maxPool2d,
  meanPool2d,
  min,
  mul,
  neg,
  nonZero,
  not,
  or,
  pow,
  reduceMax,
  reduceMean,
  reduceSum,
  reset,
  reshape,
  rsqrt,
  sigmoid,
  sin,
  slice,
  sqrt,
  sub,
  tanh,
  transpose,
  where,
} as const satisfies Record<string, CoreOp>;

/** Ops that a target may lower whole; else they are expanded. */
export const compositeOps = {
  argMin,
  attention,
  attentionWeights,
  clip,
  gelu,
  groupNorm,
  l2Normalize,
  layerNorm,
  linear,
  logSoftmax,
  maxSimilarity,
  oneHot,
  pad,
  quantizedGather,
  quantizedLinear,
  quickGelu,
  reduceMin,
  rmsNorm,
  rope,
  scatterAlong,
  silu,
  softmax,
  stack,
  standardize,
  swiglu,
} as const satisfies Record<string, CompositeOp>;

export const ops = { ...coreOps, ...compositeOps } as const;

export type CoreOpName = keyof typeof coreOps;
export type CompositeOpName = keyof typeof compositeOps;
export type OpName = keyof typeof ops;

/** The op of that name, or undefined. */
export function findOp(name: string): Op | undefined {
  return Object.hasOwn(ops, name) ? ops[name as OpName] : undefined; // hasOwn proves the key
}
