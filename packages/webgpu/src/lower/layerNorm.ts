import { ops } from '@casement/ir';
import { always, type Candidate, choose } from '../candidates.ts';
import { type LayerNormSite, layerNormRowPerThread } from '../kernels/layerNormRowPerThread.ts';
import { layerNormRowPerGroup } from '../kernels/normRowPerGroup.ts';
import { inputOf, lowerOp, resultOf } from '../lowering.ts';
import { sharesRows } from '../wgsl/groupReduce.ts';
import { splitsByFour } from '../wgsl/lanes.ts';

export const layerNormKernels: readonly Candidate<LayerNormSite>[] = [
  {
    kernel: 'layerNormRowPerGroup',
    rule: 'rows of at least 128, on GPUs',
    when: ({ x }, { kind }) => kind === 'gpu' && sharesRows(x.type.shape.at(-1)),
    build: (site) => layerNormRowPerGroup(site, splitsByFour(site.x.type.shape.at(-1)) ? 4 : 1),
  },
  { kernel: 'layerNormRowPerThread', rule: 'no barriers, or short rows', when: always, build: layerNormRowPerThread },
];

export const layerNorm = lowerOp(ops.layerNorm, (node, context) => {
  const site: LayerNormSite = {
    x: context.operand(inputOf(node, 0)),
    affine: { weight: context.operand(inputOf(node, 1)), bias: context.operand(inputOf(node, 2)) },
    y: context.result(resultOf(node)),
    eps: node.attrs.eps,
  };
  context.run(choose(layerNormKernels, site, context.profile));
});

export const standardize = lowerOp(ops.standardize, (node, context) => {
  const x = context.operand(inputOf(node, 0));
  const y = context.result(resultOf(node));
  context.run(choose(layerNormKernels, { x, affine: undefined, y, eps: node.attrs.eps }, context.profile));
});
