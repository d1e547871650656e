import { ops, visibilityOperands } from '@casement/ir';
import { always, type Candidate, choose } from '../candidates.ts';
import { type AttentionSite, attentionRowPerThread } from '../kernels/attentionRowPerThread.ts';
import { attentionRowsByQuads } from '../kernels/attentionRowsByQuads.ts';
import { attentionSharedTiles, keysPerTile } from '../kernels/attentionSharedTiles.ts';
import { sharesEvenly } from '../kernels/headRows.ts';
import { inputOf, lowerOp, resultOf } from '../lowering.ts';
import { splitsByFour } from '../wgsl/lanes.ts';

export const attentionKernels: readonly Candidate<AttentionSite>[] = [
  {
    kernel: 'attentionSharedTiles',
    rule: 'on GPUs; head sizes in fours, of at most 256',
    when: (site, { kind }) => kind === 'gpu' && hasTiles(site) && keysPerTile(site) > 0,
    build: attentionSharedTiles,
  },
  {
    kernel: 'attentionRowsByQuads',
    rule: 'subgroups, no barriers; head sizes in fours',
    when: (site, { features }) => hasTiles(site) && features.has('subgroups'),
    build: attentionRowsByQuads,
  },
  {
    kernel: 'attentionRowPerThread',
    rule: 'no subgroups, or head sizes that others do not take',
    when: ({ q, v }) => splitsByFour(q.type.shape[3]) && splitsByFour(v.type.shape[3]),
    build: (site) => attentionRowPerThread(site, 4),
  },
  {
    kernel: 'attentionRowPerThread',
    rule: 'head sizes that others do not take',
    when: always,
    build: (site) => attentionRowPerThread(site, 1),
  },
];

function hasTiles({ q, k, v }: AttentionSite): boolean {
  return splitsByFour(q.type.shape[3]) && splitsByFour(v.type.shape[3]) && sharesEvenly(q, k);
}

/** Keys and values are read where they are stored, so a cache is never copied. */
export const attention = lowerOp(ops.attention, (node, context) => {
  const { segments, mask } = visibilityOperands(node.inputs, 3);
  const site: AttentionSite = {
    q: context.operand(inputOf(node, 0)),
    k: context.stored(inputOf(node, 1)),
    v: context.stored(inputOf(node, 2)),
    segments: segments && { q: context.operand(segments.q), k: context.operand(segments.k) },
    mask: mask && context.operand(mask),
    y: context.result(resultOf(node)),
    attrs: node.attrs,
  };
  context.run(choose(attentionKernels, site, context.profile));
});
