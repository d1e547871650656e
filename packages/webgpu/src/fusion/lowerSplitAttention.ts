import { type AttentionAttrs, type Node, ops } from '@casement/ir';
import {
  attentionSplitKeysByThread,
  headsTogether,
  type SplitAttentionSite,
  type Splits,
} from '../kernels/attentionSplitKeys.ts';
import { attentionSplitKeysByGroup, fitsGroup } from '../kernels/attentionSplitKeysByGroup.ts';
import { inputOf, type LoweringContext } from '../lowering.ts';
import type { AttentionParts } from './lowerProjection.ts';
import { LONE_THREADS } from './threads.ts';

/** Threads that keep the cores of a software adapter busy, and keys for which it is worth while to join a split. */
const BUSY_THREADS = 16;
const KEYS_OF_THREAD = 32;

/** Joining reads every split for every row, so that few are better where a thread joins alone. */
const MOST_LONE_SPLITS = 8;

/** Workgroups that keep a GPU busy. */
const BUSY_GROUPS = 128;
const KEYS_OF_GROUP = 128;
const MOST_SPLITS = 32;

/** Runs the attention of one query in parts; `projectRows` joins them. */
export function lowerSplitAttention(node: Node, context: LoweringContext): AttentionParts {
  if (node.op.name !== ops.attention.name) throw context.fail(`${node.op.name} is no attention`);
  const { scale } = node.attrs as AttentionAttrs; // the op's attributes, by its name
  const q = context.operand(inputOf(node, 0));
  const [k, v] = [context.stored(inputOf(node, 1)), context.stored(inputOf(node, 2))];
  const [heads, size, headSize] = [q.type.shape[2], q.type.shape[3], v.type.shape[3]].map(Number);
  const kvHeads = Number(k.type.shape[2]);
  if (heads === undefined || size === undefined || headSize === undefined) throw context.fail('heads have no size');
  const groups = heads / headsTogether(heads / kvHeads);
  const byGroup = context.profile.kind === 'gpu' && fitsGroup(v);
  const capacity = Number(k.layout[1]) || 1; // keys that are no cache have no number
  const splits = byGroup ? splitsByGroup(groups, capacity) : splitsByThread(groups);
  const site: SplitAttentionSite = {
    q,
    k,
    v,
    scale,
    splits,
    mixed: context.scratch({ dtype: 'f32', shape: [splits.most, heads, headSize] }),
    logSums: context.scratch({ dtype: 'f32', shape: [splits.most, heads] }),
  };
  context.run(byGroup ? attentionSplitKeysByGroup(site) : attentionSplitKeysByThread(site, LONE_THREADS / 4));
  return { mixed: site.mixed, logSums: site.logSums, splits: splits.most, headSize };
}

function splitsByThread(groups: number): Splits {
  return { most: atMost(MOST_LONE_SPLITS, Math.ceil(BUSY_THREADS / groups)), keysEach: KEYS_OF_THREAD };
}

/**
 * The time of a split grows with its keys, that of joining with the number of splits, so the best number grows with the
 * root of the keys; beyond what keeps a GPU busy, more splits gain nothing.
 */
function splitsByGroup(groups: number, capacity: number): Splits {
  const wanted = Math.min(Math.ceil(Math.sqrt(capacity) / 4), Math.ceil(BUSY_GROUPS / groups));
  return { most: atMost(MOST_SPLITS, wanted), keysEach: KEYS_OF_GROUP };
}

function atMost(most: number, wanted: number): number {
  return Math.min(most, Math.max(1, wanted));
}
