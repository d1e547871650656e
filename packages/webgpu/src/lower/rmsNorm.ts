import { ops } from '@casement/ir';
import { always, type Candidate, choose } from '../candidates.ts';
import { rmsNormRowPerGroup } from '../kernels/normRowPerGroup.ts';
import { type RmsNormSite, rmsNormRowPerThread } from '../kernels/rmsNormRowPerThread.ts';
import { inputOf, lowerOp, resultOf } from '../lowering.ts';
import { sharesRows } from '../wgsl/groupReduce.ts';
import { splitsByFour } from '../wgsl/lanes.ts';

export const rmsNormKernels: readonly Candidate<RmsNormSite>[] = [
  {
    kernel: 'rmsNormRowPerGroup',
    rule: 'rows of at least 128, on GPUs',
    when: ({ x }, { kind }) => kind === 'gpu' && sharesRows(x.type.shape.at(-1)),
    build: (site) => rmsNormRowPerGroup(site, splitsByFour(site.x.type.shape.at(-1)) ? 4 : 1),
  },
  {
    kernel: 'rmsNormRowPerThread',
    rule: 'no barriers, or short rows',
    when: ({ x }) => splitsByFour(x.type.shape.at(-1)),
    build: (site) => rmsNormRowPerThread(site, 4),
  },
  {
    kernel: 'rmsNormRowPerThread',
    rule: 'no barriers, or short rows',
    when: always,
    build: (site) => rmsNormRowPerThread(site, 1),
  },
];

/** `scaleInF32` makes no difference here: everything is computed in f32. */
export const rmsNorm = lowerOp(ops.rmsNorm, (node, context) => {
  const site: RmsNormSite = {
    x: context.operand(inputOf(node, 0)),
    weight: context.operand(inputOf(node, 1)),
    y: context.result(resultOf(node)),
    eps: node.attrs.eps,
  };
  context.run(choose(rmsNormKernels, site, context.profile));
});
