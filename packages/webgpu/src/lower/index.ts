import type { CompositeOpName, CoreOpName } from '@casement/ir';
import type { Lowering } from '../lowering.ts';
import { argSort } from './argSort.ts';
import { attention } from './attention.ts';
import { cast } from './cast.ts';
import { constant } from './constant.ts';
import { conv2d } from './conv2d.ts';
import { cumSum } from './cumSum.ts';
import { dequantize } from './dequantize.ts';
import { activationLowerings, elementwiseLowerings } from './elementwise.ts';
import { gather } from './gather.ts';
import { gatherAlong } from './gatherAlong.ts';
import { iota } from './iota.ts';
import { layerNorm, standardize } from './layerNorm.ts';
import { linear } from './linear.ts';
import { matmul } from './matmul.ts';
import { maxSimilarity } from './maxSimilarity.ts';
import { nonZero } from './nonZero.ts';
import { poolLowerings } from './pool2d.ts';
import { quantizedGather } from './quantizedGather.ts';
import { quantizedLinear } from './quantizedLinear.ts';
import { minimumLowerings, reduceLowerings } from './reduce.ts';
import { rmsNorm } from './rmsNorm.ts';
import { rope } from './rope.ts';
import { shapeLowerings } from './shape.ts';
import { softmax } from './softmax.ts';
import { stateLowerings } from './state.ts';

const core = {
  ...elementwiseLowerings,
  ...poolLowerings,
  ...reduceLowerings,
  ...shapeLowerings,
  ...stateLowerings,
  cast,
  constant,
  conv2d,
  argSort,
  cumSum,
  dequantize,
  gatherAlong,
  gather,
  iota,
  matmul,
  nonZero,
} satisfies Record<CoreOpName, Lowering>;

const composite = {
  ...activationLowerings,
  ...minimumLowerings,
  attention,
  layerNorm,
  linear,
  maxSimilarity,
  quantizedGather,
  quantizedLinear,
  rmsNorm,
  rope,
  softmax,
  standardize,
} satisfies Partial<Record<CompositeOpName, Lowering>>;

/** Composite ops that this target takes whole; others must be expanded before. */
export const loweredWhole: ReadonlySet<string> = new Set(Object.keys(composite));

const table: ReadonlyMap<string, Lowering> = new Map(Object.entries({ ...core, ...composite }));

export function loweringOf(op: string): Lowering | undefined {
  return table.get(op);
}
