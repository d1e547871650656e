import { type AttentionAttrs, type Node, ops } from '@casement/ir';
import { attentionSplitKeysByThread, headsPerThread } from '../kernels/attentionSplitKeys.ts';
import { inputOf, type LoweringContext } from '../lowering.ts';
import type { AttentionParts } from './lowerProjection.ts';
import { LONE_THREADS } from './threads.ts';

/** Threads that keep the cores of a software adapter busy. */
const BUSY_THREADS = 16;

/** Runs the attention of one query in parts; `projectRows` joins them. */
export function lowerSplitAttention(node: Node, context: LoweringContext): AttentionParts {
  if (node.op.name !== ops.attention.name) throw context.fail(`${node.op.name} is no attention`);
  const { scale } = node.attrs as AttentionAttrs; // the op's attributes, by its name
  const q = context.operand(inputOf(node, 0));
  const [k, v] = [context.stored(inputOf(node, 1)), context.stored(inputOf(node, 2))];
  const [heads, size, headSize] = [q.type.shape[2], q.type.shape[3], v.type.shape[3]].map(Number);
  const kvHeads = Number(k.type.shape[2]);
  if (heads === undefined || size === undefined || headSize === undefined) throw context.fail('heads have no size');
  const threads = heads / headsPerThread(heads / kvHeads, size / 4);
  const splits = Math.min(8, Math.max(1, Math.ceil(BUSY_THREADS / threads)));
  const mixed = context.scratch({ dtype: 'f32', shape: [splits, heads, headSize] });
  const logSums = context.scratch({ dtype: 'f32', shape: [splits, heads] });
  context.run(attentionSplitKeysByThread({ q, k, v, scale, splits, mixed, logSums }, LONE_THREADS / 4));
  return { mixed, logSums, splits, headSize };
}
