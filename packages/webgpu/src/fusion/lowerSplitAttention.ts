import { type AttentionAttrs, type Node, ops } from '@casement/ir';
import { attentionSplitKeysByThread, headsTogether, type SplitAttentionSite } from '../kernels/attentionSplitKeys.ts';
import { attentionSplitKeysByGroup, fitsGroup } from '../kernels/attentionSplitKeysByGroup.ts';
import { inputOf, type LoweringContext } from '../lowering.ts';
import type { AttentionParts } from './lowerProjection.ts';
import { LONE_THREADS } from './threads.ts';

/** Threads that keep the cores of a software adapter busy. */
const BUSY_THREADS = 16;

/** Joining reads every split for every row, so that few are better where a thread joins alone. */
const MOST_LONE_SPLITS = 8;

/** Keys that keep a workgroup busy, when a cache is full. */
const KEYS_PER_GROUP = 128;
const MOST_SPLITS = 16;

/** Runs the attention of one query in parts; `projectRows` joins them. */
export function lowerSplitAttention(node: Node, context: LoweringContext): AttentionParts {
  if (node.op.name !== ops.attention.name) throw context.fail(`${node.op.name} is no attention`);
  const { scale } = node.attrs as AttentionAttrs; // the op's attributes, by its name
  const q = context.operand(inputOf(node, 0));
  const [k, v] = [context.stored(inputOf(node, 1)), context.stored(inputOf(node, 2))];
  const [heads, size, headSize] = [q.type.shape[2], q.type.shape[3], v.type.shape[3]].map(Number);
  const kvHeads = Number(k.type.shape[2]);
  if (heads === undefined || size === undefined || headSize === undefined) throw context.fail('heads have no size');
  const site = (splits: number): SplitAttentionSite => ({
    q,
    k,
    v,
    scale,
    splits,
    mixed: context.scratch({ dtype: 'f32', shape: [splits, heads, headSize] }),
    logSums: context.scratch({ dtype: 'f32', shape: [splits, heads] }),
  });
  const byGroup = context.profile.kind === 'gpu' && fitsGroup(v);
  const capacity = Number(k.layout[1]); // NaN where keys are no cache; few splits then
  const lone = Math.ceil(BUSY_THREADS / (heads / headsTogether(heads / kvHeads)));
  const wanted = byGroup ? Math.ceil((capacity || 1) / KEYS_PER_GROUP) : lone;
  const splits = Math.min(byGroup ? MOST_SPLITS : MOST_LONE_SPLITS, Math.max(1, wanted));
  const chosen = site(splits);
  context.run(byGroup ? attentionSplitKeysByGroup(chosen) : attentionSplitKeysByThread(chosen, LONE_THREADS / 4));
  return { mixed: chosen.mixed, logSums: chosen.logSums, splits, headSize };
}
