import { type AttentionAttrs, attentionProbabilities, requireScores, visibilityOperands } from '../attentionParts.ts';
import { castTo } from '../expand.ts';
import { dimAt, inputAt } from '../infer.ts';
import type { CompositeOp } from '../op.ts';
import { reshape } from './reshape.ts';

export const attentionWeights: CompositeOp<AttentionAttrs> & { readonly name: 'attentionWeights' } = {
  kind: 'composite',
  name: 'attentionWeights',
  summary:
    'softmax(scale·q·kᵀ), the probabilities that `attention` weighs values with: q [batch q heads d], ' +
    'k [batch k kvHeads d] → [batch heads q k]; segments and mask as there; a query without any key gives zeros',
  infer(inputs) {
    const visibility = visibilityOperands(inputs, 2);
    const [q, k] = [inputAt(inputs, 0), inputAt(inputs, 1)];
    requireScores(q, k, visibility);
    const [batch, queries, heads] = [dimAt(q.shape, 0), dimAt(q.shape, 1), dimAt(q.shape, 2)];
    return [{ dtype: q.dtype, shape: [batch, heads, queries, dimAt(k.shape, 1)] }];
  },
  expand(emit, inputs, attrs) {
    const [q, k] = [inputAt(inputs, 0), inputAt(inputs, 1)];
    const weights = attentionProbabilities(emit, q, k, visibilityOperands(inputs, 2), attrs);
    const [batch, queries, heads] = [dimAt(q.type.shape, 0), dimAt(q.type.shape, 1), dimAt(q.type.shape, 2)];
    const shape = [batch, heads, queries, dimAt(k.type.shape, 1)];
    return [castTo(emit, emit(reshape, [weights], { shape }), q.type.dtype)];
  },
  samples: [
    {
      name: 'causal, past 2',
      inputs: [{ type: 'f32[1 3 4 8]' }, { type: 'f32[1 5 2 8]' }],
      attrs: { causal: true, scale: 8 ** -0.5 },
    },
    {
      name: 'mask, one row sees nothing',
      inputs: [
        { type: 'f32[2 2 2 4]' },
        { type: 'f32[2 3 1 4]' },
        { type: 'bool[2 1 2 3]', values: [1, 0, 1, 0, 0, 0, 1, 1, 1, 0, 1, 0] },
      ],
      attrs: { causal: false, scale: 0.5 },
    },
    {
      name: 'segments',
      inputs: [
        { type: 'f32[1 2 2 4]' },
        { type: 'f32[1 3 2 4]' },
        { type: 'i32[1 2]', values: [0, 1] },
        { type: 'i32[1 3]', values: [0, 1, 1] },
      ],
      attrs: { causal: false, scale: 0.5 },
    },
  ],
};
