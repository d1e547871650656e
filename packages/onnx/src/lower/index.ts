import type { CompositeOp, CompositeOpName, CoreOpName, coreOps } from '@casement/ir';
import type { Lower, LowerWhole, Profile } from '../context.ts';
import { argMax, argMin } from './argMax.ts';
import { argSort } from './argSort.ts';
import { attention } from './attention.ts';
import { broadcastTo } from './broadcastTo.ts';
import { cast } from './cast.ts';
import { concat } from './concat.ts';
import { constant } from './constant.ts';
import { conv2d } from './conv2d.ts';
import { cumSum } from './cumSum.ts';
import { dequantize } from './dequantize.ts';
import * as elementwise from './elementwise.ts';
import { gather } from './gather.ts';
import { gatherAlong } from './gatherAlong.ts';
import { gelu } from './gelu.ts';
import { iota } from './iota.ts';
import { layerNorm, standardize } from './layerNorm.ts';
import { linear } from './linear.ts';
import { matmul } from './matmul.ts';
import { nonZero } from './nonZero.ts';
import { maxPool2d, meanPool2d } from './pool2d.ts';
import { quantizedGather, quantizedGatherInBlocks } from './quantizedGather.ts';
import { quantizedLinear } from './quantizedLinear.ts';
import { reduceMax, reduceMean, reduceMin, reduceSum } from './reduce.ts';
import { reshape } from './reshape.ts';
import { rmsNorm } from './rmsNorm.ts';
import { rope } from './rope.ts';
import { quickGelu, silu } from './silu.ts';
import { slice } from './slice.ts';
import { logSoftmax, softmax } from './softmax.ts';
import { append, reset } from './state.ts';
import { transpose } from './transpose.ts';
import { where } from './where.ts';

/** How every core op is lowered. */
export const lowerings: { readonly [N in CoreOpName]: Lower<(typeof coreOps)[N]> } = {
  ...elementwise,
  append,
  argMax,
  broadcastTo,
  cast,
  concat,
  constant,
  conv2d,
  argSort,
  cumSum,
  dequantize,
  gatherAlong,
  gather,
  iota,
  matmul,
  maxPool2d,
  meanPool2d,
  nonZero,
  reduceMax,
  reduceMean,
  reduceSum,
  reset,
  reshape,
  slice,
  transpose,
  where,
};

const everywhere = {
  argMin,
  attention,
  gelu,
  layerNorm,
  linear,
  logSoftmax,
  reduceMin,
  rmsNorm,
  rope,
  softmax,
  standardize,
};

type Wholes = Partial<Readonly<Record<CompositeOpName, LowerWhole<CompositeOp>>>>;

/** The composite ops that a profile lowers whole. */
export const wholes: Readonly<Record<Profile, Wholes>> = {
  onnx: { ...everywhere, quantizedGather },
  ort: { ...everywhere, quantizedGather: quantizedGatherInBlocks, quantizedLinear, quickGelu, silu },
};

/** Names of the composite ops that a profile lowers whole; the rest must be expanded before. */
export function loweredWhole(profile: Profile): ReadonlySet<string> {
  return new Set(Object.keys(wholes[profile]));
}
