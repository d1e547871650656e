import { axisOf, ops } from '@casement/ir';
import { always, type Candidate, choose } from '../candidates.ts';
import { softmaxRunPerGroup } from '../kernels/softmaxRunPerGroup.ts';
import { softmaxRunPerThread } from '../kernels/softmaxRunPerThread.ts';
import { inputOf, lowerOp, resultOf } from '../lowering.ts';
import type { Operand } from '../operand.ts';
import { sharesRows } from '../wgsl/groupReduce.ts';

interface SoftmaxSite {
  readonly x: Operand;
  readonly y: Operand;
  readonly axis: number;
}

export const softmaxKernels: readonly Candidate<SoftmaxSite>[] = [
  {
    kernel: 'softmaxRunPerGroup',
    rule: 'runs of at least 128 along the last axis, on GPUs',
    when: ({ x, axis }, { kind }) =>
      kind === 'gpu' && axis === x.type.shape.length - 1 && sharesRows(x.type.shape.at(-1)),
    build: ({ x, y }) => softmaxRunPerGroup(x, y),
  },
  {
    kernel: 'softmaxRunPerThread',
    rule: 'no barriers, or short runs',
    when: always,
    build: ({ x, y, axis }) => softmaxRunPerThread(x, y, axis),
  },
];

export const softmax = lowerOp(ops.softmax, (node, context) => {
  const x = context.operand(inputOf(node, 0));
  const axis = axisOf(node.attrs.axis, x.type.shape.length);
  context.run(choose(softmaxKernels, { x, y: context.result(resultOf(node)), axis }, context.profile));
});
