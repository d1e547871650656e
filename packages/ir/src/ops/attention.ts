import { type Dim, subDims } from '../dim.ts';
import { castTo, scalar } from '../expand.ts';
import {
  dimAt,
  inputAt,
  requireDType,
  requireFloat,
  requireRank,
  requireSameDim,
  requireSameDType,
  requireShape,
} from '../infer.ts';
import type { CompositeOp, Emit } from '../op.ts';
import type { TensorType } from '../types.ts';
import type { Value } from '../value.ts';
import { and } from './and.ts';
import { div } from './div.ts';
import { equal } from './equal.ts';
import { exp } from './exp.ts';
import { iota } from './iota.ts';
import { lessOrEqual } from './lessOrEqual.ts';
import { matmul } from './matmul.ts';
import { max } from './max.ts';
import { mul } from './mul.ts';
import { reduceMax } from './reduceMax.ts';
import { reduceSum } from './reduceSum.ts';
import { reshape } from './reshape.ts';
import { slice } from './slice.ts';
import { sub } from './sub.ts';
import { transpose } from './transpose.ts';
import { where } from './where.ts';

/** `causal`: query i sees key j iff j ≤ past + i, where past = keys − queries. */
export type AttentionAttrs = { readonly causal: boolean; readonly scale: number };

/** Scores of hidden keys: finite, so that a row of hidden keys alone gives zeros and never NaN. */
const HIDDEN = -1e30;

export const attention: CompositeOp<AttentionAttrs> & { readonly name: 'attention' } = {
  kind: 'composite',
  name: 'attention',
  summary:
    'softmax(scale·q·kᵀ)·v per head: q [batch q heads d], k [batch k kvHeads d], v [batch k kvHeads e] → ' +
    '[batch q heads e]; query head h reads kv head ⌊h·kvHeads/heads⌋; optional segment ids of queries i32 [batch q] ' +
    'and keys i32 [batch k] must match; a query without any key gives zeros',
  infer(inputs) {
    if (inputs.length !== 3 && inputs.length !== 5) {
      throw new TypeError(`takes 3 inputs, or 5 with segments, got ${inputs.length}`);
    }
    const [q, k, v, qSegments, kSegments] = [
      inputAt(inputs, 0),
      inputAt(inputs, 1),
      inputAt(inputs, 2),
      inputs[3],
      inputs[4],
    ];
    requireFloat(q, k, v);
    requireSameDType(q, k, v);
    for (const [type, what] of [
      [q, 'q'],
      [k, 'k'],
      [v, 'v'],
    ] as const)
      requireRank(type, 4, what);
    requireSameDim(dimAt(q.shape, 0), dimAt(k.shape, 0), 'the batch sizes of q and k');
    requireSameDim(dimAt(q.shape, 3), dimAt(k.shape, 3), 'the head sizes of q and k');
    requireShape(v, [...k.shape.slice(0, 3), dimAt(v.shape, 3)], 'v');
    const { heads, kvHeads } = headCounts(q, k);
    if (heads % kvHeads !== 0) throw new TypeError(`${heads} query heads do not divide among ${kvHeads} kv heads`);
    if (qSegments && kSegments) {
      requireDType('i32', qSegments, kSegments);
      requireShape(qSegments, q.shape.slice(0, 2), 'the segments of q');
      requireShape(kSegments, k.shape.slice(0, 2), 'the segments of k');
    }
    return [{ dtype: q.dtype, shape: [...q.shape.slice(0, 3), dimAt(v.shape, 3)] }];
  },
  expand(emit, inputs, { causal, scale }) {
    const [q, k, v] = [inputAt(inputs, 0), inputAt(inputs, 1), inputAt(inputs, 2)];
    const { heads, kvHeads } = headCounts(q.type, k.type);
    const group = heads / kvHeads;
    const [batch, queries, keys] = [dimAt(q.type.shape, 0), dimAt(q.type.shape, 1), dimAt(k.type.shape, 1)];
    const [size, width] = [dimAt(q.type.shape, 3), dimAt(v.type.shape, 3)];
    const qHeads = emit(reshape, [emit(transpose, [q], { perm: [0, 2, 1, 3] })], {
      shape: [batch, kvHeads, group, queries, size],
    });
    const kColumns = emit(reshape, [emit(transpose, [k], { perm: [0, 2, 3, 1] })], {
      shape: [batch, kvHeads, 1, size, keys],
    });
    const vRows = emit(reshape, [emit(transpose, [v], { perm: [0, 2, 1, 3] })], {
      shape: [batch, kvHeads, 1, keys, width],
    });
    // In f32 from the start: a product of half-precision rows can exceed 65504 before it is scaled.
    const scores = emit(matmul, [castTo(emit, qHeads, 'f32'), castTo(emit, kColumns, 'f32')], {});
    const scaled = emit(mul, [scores, scalar(emit, 'f32', scale)], {});
    const visible = visibleKeys(emit, queries, keys, causal, inputs[3], inputs[4]);
    const weights = castTo(emit, maskedSoftmax(emit, scaled, visible), q.type.dtype);
    const mixed = emit(reshape, [emit(matmul, [weights, vRows], {})], { shape: [batch, heads, queries, width] });
    return [emit(transpose, [mixed], { perm: [0, 2, 1, 3] })];
  },
  samples: [
    ...[true, false].map((causal) => ({
      name: causal ? 'causal, past 3' : 'all keys',
      inputs: [{ type: 'f32[1 2 4 8]' }, { type: 'f32[1 5 2 8]' }, { type: 'f32[1 5 2 8]' }],
      attrs: { causal, scale: 8 ** -0.5 },
    })),
    {
      name: 'no keys',
      inputs: [{ type: 'f32[1 2 4 8]' }, { type: 'f32[1 0 2 8]' }, { type: 'f32[1 0 2 8]' }],
      attrs: { causal: false, scale: 8 ** -0.5 },
    },
    {
      name: 'odd heads',
      inputs: [{ type: 'f32[2 7 3 6]' }, { type: 'f32[2 7 3 6]' }, { type: 'f32[2 7 3 6]' }],
      attrs: { causal: true, scale: 0.3 },
    },
    {
      name: 'segments, one alone',
      inputs: [
        { type: 'f32[1 3 2 4]' },
        { type: 'f32[1 4 2 4]' },
        { type: 'f32[1 4 2 4]' },
        { type: 'i32[1 3]', values: [0, 1, 9] },
        { type: 'i32[1 4]', values: [0, 0, 1, 1] },
      ],
      attrs: { causal: false, scale: 0.5 },
    },
  ],
};

/** Numbers of query and kv heads; they are part of the model, so they must be plain numbers. */
export function headCounts(q: TensorType, k: TensorType): { heads: number; kvHeads: number } {
  const [heads, kvHeads] = [q.shape[2], k.shape[2]];
  if (typeof heads !== 'number' || typeof kvHeads !== 'number') {
    throw new TypeError(`the numbers of heads must be fixed, got ${heads} and ${kvHeads}`);
  }
  return { heads, kvHeads };
}

/** Which keys a query sees, as bool that broadcasts to [batch kvHeads group queries keys]; undefined: all of them. */
function visibleKeys(
  emit: Emit,
  queries: Dim,
  keys: Dim,
  causal: boolean,
  qSegments: Value | undefined,
  kSegments: Value | undefined,
): Value | undefined {
  const masks: Value[] = [];
  if (causal) {
    const index = emit(iota, [], { size: keys });
    const own = emit(slice, [index], { axis: 0, start: subDims(keys, queries), size: queries });
    masks.push(emit(lessOrEqual, [index, emit(reshape, [own], { shape: [queries, 1] })], {}));
  }
  if (qSegments && kSegments) {
    const batch = dimAt(qSegments.type.shape, 0);
    const rows = emit(reshape, [qSegments], { shape: [batch, 1, 1, queries, 1] });
    const columns = emit(reshape, [kSegments], { shape: [batch, 1, 1, 1, keys] });
    masks.push(emit(equal, [rows, columns], {}));
  }
  const [first, second] = masks;
  return first && second ? emit(and, [first, second], {}) : first;
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
