import { axisOf, type Op, ops } from '@casement/ir';
import { always, type Candidate, choose } from '../candidates.ts';
import { reduceRunPerGroup } from '../kernels/reduceRunPerGroup.ts';
import { type ReduceSite, type Reduction, reduceRunPerThread } from '../kernels/reduceRunPerThread.ts';
import { inputOf, type Lowering, lowerOp, resultOf } from '../lowering.ts';
import { storageInfo } from '../storage.ts';
import { sharesRows } from '../wgsl/groupReduce.ts';

export const reduceKernels: readonly Candidate<ReduceSite>[] = [
  {
    kernel: 'reduceRunPerGroup',
    rule: 'runs of at least 128 floats along the last axis, on GPUs',
    when: ({ x, axis }, { kind }) =>
      kind === 'gpu' &&
      axis === x.type.shape.length - 1 &&
      storageInfo(x.storage).register === 'f32' &&
      sharesRows(x.type.shape.at(-1)),
    build: reduceRunPerGroup,
  },
  {
    kernel: 'reduceRunPerThread',
    rule: 'no barriers, short runs or whole numbers',
    when: always,
    build: reduceRunPerThread,
  },
];

function reduction<A extends { readonly axis: number; readonly keepDims: boolean }>(
  op: Op<A> & { readonly name: Reduction },
): Lowering {
  return lowerOp(op, (node, context) => {
    const x = context.operand(inputOf(node, 0));
    const axis = axisOf(node.attrs.axis, x.type.shape.length);
    const site = { reduction: op.name, x, y: context.result(resultOf(node)), axis };
    context.run(choose(reduceKernels, site, context.profile));
  });
}

/** Core ops. */
export const reduceLowerings = {
  argMax: reduction(ops.argMax),
  reduceMax: reduction(ops.reduceMax),
  reduceMean: reduction(ops.reduceMean),
  reduceSum: reduction(ops.reduceSum),
} satisfies Record<string, Lowering>;

/** Composite ops that the same kernel computes whole. */
export const minimumLowerings = {
  argMin: reduction(ops.argMin),
  reduceMin: reduction(ops.reduceMin),
} satisfies Record<string, Lowering>;
