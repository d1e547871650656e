import { type Dim, sameDim, subDims } from './dim.ts';
import { castTo, scalar } from './expand.ts';
import {
  dimAt,
  inputAt,
  requireDType,
  requireFloat,
  requireRank,
  requireSameDim,
  requireSameDType,
  requireShape,
} from './infer.ts';
import type { Emit } from './op.ts';
import { and } from './ops/and.ts';
import { div } from './ops/div.ts';
import { equal } from './ops/equal.ts';
import { exp } from './ops/exp.ts';
import { iota } from './ops/iota.ts';
import { lessOrEqual } from './ops/lessOrEqual.ts';
import { matmul } from './ops/matmul.ts';
import { max } from './ops/max.ts';
import { mul } from './ops/mul.ts';
import { reduceMax } from './ops/reduceMax.ts';
import { reduceSum } from './ops/reduceSum.ts';
import { reshape } from './ops/reshape.ts';
import { slice } from './ops/slice.ts';
import { sub } from './ops/sub.ts';
import { transpose } from './ops/transpose.ts';
import { where } from './ops/where.ts';
import { printShape, printType, type TensorType } from './types.ts';
import type { Value } from './value.ts';

/** `causal`: query i sees key j iff j ≤ past + i, where past = keys − queries. */
export type AttentionAttrs = { readonly causal: boolean; readonly scale: number };

/** What decides, beside `causal`, which keys a query sees. All that is there must allow it. */
export interface Visibility<T> {
  readonly segments: { readonly q: T; readonly k: T } | undefined;
  readonly mask: T | undefined;
}

/** Scores of hidden keys: finite, so that a row of hidden keys alone gives zeros and never NaN. */
const HIDDEN = -1e30;

/**
 * The operands behind the first `fixed` ones (q, k and perhaps v): nothing, a mask, segments of q and k, or segments
 * and a mask. Throws TypeError when there are more or fewer.
 */
export function visibilityOperands<T>(inputs: readonly T[], fixed: 2 | 3): Visibility<T> {
  const extras = inputs.slice(fixed);
  if (inputs.length < fixed || extras.length > 3) {
    throw new TypeError(`takes ${fixed} inputs and optional segments and mask, got ${inputs.length}`);
  }
  const segments = extras.length > 1 ? { q: inputAt(extras, 0), k: inputAt(extras, 1) } : undefined;
  return { segments, mask: extras.length % 2 === 1 ? extras.at(-1) : undefined };
}

/** Checks q, k and what hides keys. Throws TypeError. */
export function requireScores(q: TensorType, k: TensorType, { segments, mask }: Visibility<TensorType>): void {
  requireFloat(q, k);
  requireSameDType(q, k);
  requireRank(q, 4, 'q');
  requireRank(k, 4, 'k');
  requireSameDim(dimAt(q.shape, 0), dimAt(k.shape, 0), 'the batch sizes of q and k');
  requireSameDim(dimAt(q.shape, 3), dimAt(k.shape, 3), 'the head sizes of q and k');
  const { heads, kvHeads } = headCounts(q, k);
  if (heads % kvHeads !== 0) throw new TypeError(`${heads} query heads do not divide among ${kvHeads} kv heads`);
  if (segments) {
    requireDType('i32', segments.q, segments.k);
    requireShape(segments.q, q.shape.slice(0, 2), 'the segments of q');
    requireShape(segments.k, k.shape.slice(0, 2), 'the segments of k');
  }
  if (!mask) return;
  requireDType('bool', mask);
  const scores = [dimAt(q.shape, 0), heads, dimAt(q.shape, 1), dimAt(k.shape, 1)];
  if (mask.shape.length !== 4 || mask.shape.some((dim, axis) => dim !== 1 && !sameDim(dim, dimAt(scores, axis)))) {
    throw new TypeError(`the mask must broadcast to ${printShape(scores)}, got ${printType(mask)}`);
  }
}

/** Numbers of query and kv heads; they are part of the model, so they must be plain numbers. */
export function headCounts(q: TensorType, k: TensorType): { heads: number; kvHeads: number } {
  const [heads, kvHeads] = [q.shape[2], k.shape[2]];
  if (typeof heads !== 'number' || typeof kvHeads !== 'number') {
    throw new TypeError(`the numbers of heads must be fixed, got ${heads} and ${kvHeads}`);
  }
  return { heads, kvHeads };
}

/** Softmax of the scores over visible keys, f32 [batch kvHeads group queries keys]. */
export function attentionProbabilities(
  emit: Emit,
  q: Value,
  k: Value,
  visibility: Visibility<Value>,
  { causal, scale }: AttentionAttrs,
): Value {
  const { heads, kvHeads } = headCounts(q.type, k.type);
  const group = heads / kvHeads;
  const [batch, queries, keys] = [dimAt(q.type.shape, 0), dimAt(q.type.shape, 1), dimAt(k.type.shape, 1)];
  const size = dimAt(q.type.shape, 3);
  const qHeads = emit(reshape, [emit(transpose, [q], { perm: [0, 2, 1, 3] })], {
    shape: [batch, kvHeads, group, queries, size],
  });
  const kColumns = emit(reshape, [emit(transpose, [k], { perm: [0, 2, 3, 1] })], {
    shape: [batch, kvHeads, 1, size, keys],
  });
  const scores = castTo(emit, emit(matmul, [qHeads, kColumns], {}), 'f32');
  const scaled = emit(mul, [scores, scalar(emit, 'f32', scale)], {});
  return maskedSoftmax(emit, scaled, visibleKeys(emit, scaled, causal, visibility));
}

/** Which keys a query sees, as bool that broadcasts to [batch kvHeads group queries keys]; undefined: all of them. */
function visibleKeys(
  emit: Emit,
  scores: Value,
  causal: boolean,
  { segments, mask }: Visibility<Value>,
): Value | undefined {
  const size = (axis: number) => dimAt(scores.type.shape, axis);
  const [batch, queries, keys] = [size(0), size(3), size(4)];
  const masks: Value[] = [];
  if (causal) masks.push(pastKeys(emit, queries, keys));
  if (segments) {
    const rows = emit(reshape, [segments.q], { shape: [batch, 1, 1, queries, 1] });
    const columns = emit(reshape, [segments.k], { shape: [batch, 1, 1, 1, keys] });
    masks.push(emit(equal, [rows, columns], {}));
  }
  if (mask) {
    const [maskBatch = 1, maskHeads, ...rest] = mask.type.shape;
    const heads = maskHeads === 1 ? [1, 1] : [size(1), size(2)];
    masks.push(emit(reshape, [mask], { shape: [maskBatch, ...heads, ...rest] }));
  }
  const [first, ...others] = masks;
  return first && others.reduce((a, b) => emit(and, [a, b], {}), first);
}

/** bool [queries keys]: the key does not come after the query. */
function pastKeys(emit: Emit, queries: Dim, keys: Dim): Value {
  const index = emit(iota, [], { size: keys });
  const own = emit(slice, [index], { axis: 0, start: subDims(keys, queries), size: queries });
  return emit(lessOrEqual, [index, emit(reshape, [own], { shape: [queries, 1] })], {});
}

/** Softmax over the last axis where only visible keys count; rows that see none are zero. */
function maskedSoftmax(emit: Emit, scores: Value, visible: Value | undefined): Value {
  const along = { axis: -1, keepDims: true };
  const shown = visible ? emit(where, [visible, scores, scalar(emit, 'f32', HIDDEN)], {}) : scores;
  const top = emit(max, [emit(reduceMax, [shown], along), scalar(emit, 'f32', HIDDEN)], {});
  const raw = emit(exp, [emit(sub, [shown, top], {})], {});
  const weights = visible ? emit(where, [visible, raw, scalar(emit, 'f32', 0)], {}) : raw;
  // A row that sees a key sums to 1 or more; the floor only keeps 0/0 away from rows that see none.
  const total = emit(max, [emit(reduceSum, [weights], along), scalar(emit, 'f32', 1e-30)], {});
  return emit(div, [weights, total], {});
}
