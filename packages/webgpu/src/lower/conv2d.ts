import { convGroups, ops, productDims } from '@casement/ir';
import { always, type Candidate, choose } from '../candidates.ts';
import { type Conv2dSite, conv2dElementPerThread } from '../kernels/conv2dElementPerThread.ts';
import { conv2dSharedTiles } from '../kernels/conv2dSharedTiles.ts';
import { inputOf, lowerOp, resultOf } from '../lowering.ts';
import { fillsTiles } from './matmul.ts';

export const conv2dKernels: readonly Candidate<Conv2dSite>[] = [
  {
    kernel: 'conv2dSharedTiles',
    rule: 'at least 16 output channels in a group, numbers a kernel sees, and places; on GPUs',
    when: ({ weight, y, groups }, { kind }) => {
      const channels = Number(y.type.shape[1]) / groups;
      const [seen, places] = [productDims(weight.type.shape.slice(1)), productDims(y.type.shape.slice(2))];
      return kind === 'gpu' && [channels, seen, places].every(fillsTiles);
    },
    build: conv2dSharedTiles,
  },
  {
    kernel: 'conv2dElementPerThread',
    rule: 'no barriers, or little to share',
    when: always,
    build: conv2dElementPerThread,
  },
];

export const conv2d = lowerOp(ops.conv2d, (node, context) => {
  const [x, weight, bias] = [inputOf(node, 0), inputOf(node, 1), node.inputs[2]];
  const site = {
    x: context.operand(x),
    weight: context.operand(weight),
    bias: bias && context.operand(bias),
    y: context.result(resultOf(node)),
    groups: convGroups(x.type, weight.type),
    attrs: node.attrs,
  };
  context.run(choose(conv2dKernels, site, context.profile));
});
