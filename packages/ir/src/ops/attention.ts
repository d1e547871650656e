import {
  type AttentionAttrs,
  attentionProbabilities,
  headCounts,
  requireScores,
  visibilityOperands,
} from '../attentionParts.ts';
import { castTo } from '../expand.ts';
import { dimAt, inputAt, requireRank, requireSameDType, requireShape } from '../infer.ts';
import type { CompositeOp } from '../op.ts';
import { matmul } from './matmul.ts';
import { reshape } from './reshape.ts';
import { transpose } from './transpose.ts';

export const attention: CompositeOp<AttentionAttrs> & { readonly name: 'attention' } = {
  kind: 'composite',
  name: 'attention',
  summary:
    'softmax(scale·q·kᵀ)·v per head: q [batch q heads d], k [batch k kvHeads d], v [batch k kvHeads e] → ' +
    '[batch q heads e]; query head h reads kv head ⌊h·kvHeads/heads⌋; optional segment ids of queries i32 [batch q] ' +
    'and keys i32 [batch k] must match; an optional mask, bool that broadcasts to [batch heads q k], must be true; ' +
    'a query without any key gives zeros',
  infer(inputs) {
    const visibility = visibilityOperands(inputs, 3);
    const [q, k, v] = [inputAt(inputs, 0), inputAt(inputs, 1), inputAt(inputs, 2)];
    requireSameDType(q, k, v);
    requireScores(q, k, visibility);
    requireRank(v, 4, 'v');
    requireShape(v, [...k.shape.slice(0, 3), dimAt(v.shape, 3)], 'v');
    return [{ dtype: q.dtype, shape: [...q.shape.slice(0, 3), dimAt(v.shape, 3)] }];
  },
  expand(emit, inputs, attrs) {
    const [q, k, v] = [inputAt(inputs, 0), inputAt(inputs, 1), inputAt(inputs, 2)];
    const { heads, kvHeads } = headCounts(q.type, k.type);
    const [batch, queries, keys] = [dimAt(q.type.shape, 0), dimAt(q.type.shape, 1), dimAt(k.type.shape, 1)];
    const width = dimAt(v.type.shape, 3);
    const weights = attentionProbabilities(emit, q, k, visibilityOperands(inputs, 3), attrs);
    const vRows = emit(reshape, [emit(transpose, [v], { perm: [0, 2, 1, 3] })], {
      shape: [batch, kvHeads, 1, keys, width],
    });
    const mixed = emit(matmul, [castTo(emit, weights, q.type.dtype), vRows], {});
    const perHead = emit(reshape, [mixed], { shape: [batch, heads, queries, width] });
    return [emit(transpose, [perHead], { perm: [0, 2, 1, 3] })];
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
    {
      name: 'mask, one row sees nothing',
      inputs: [
        { type: 'f32[1 3 4 8]' },
        { type: 'f32[1 2 2 8]' },
        { type: 'f32[1 2 2 8]' },
        { type: 'bool[1 1 3 2]', values: [1, 0, 0, 0, 1, 1] },
      ],
      attrs: { causal: false, scale: 0.5 },
    },
    {
      name: 'causal, and a mask of keys',
      inputs: [
        { type: 'f32[2 3 2 8]' },
        { type: 'f32[2 3 2 8]' },
        { type: 'f32[2 3 2 8]' },
        { type: 'bool[2 1 1 3]', values: [1, 1, 0, 0, 1, 1] },
      ],
      attrs: { causal: true, scale: 0.5 },
    },
    {
      name: 'segments and a mask of heads',
      inputs: [
        { type: 'f32[2 2 4 4]' },
        { type: 'f32[2 3 2 4]' },
        { type: 'f32[2 3 2 4]' },
        { type: 'i32[2 2]', values: [0, 1, 1, 1] },
        { type: 'i32[2 3]', values: [0, 1, 1, 1, 1, 0] },
        { type: 'bool[1 4 1 3]', values: [1, 1, 1, 0, 1, 1, 1, 0, 1, 1, 1, 0] },
      ],
      attrs: { causal: false, scale: 0.5 },
    },
  ],
};
