import {
  add,
  and,
  argMax,
  argMin,
  block,
  broadcastTo,
  cast,
  concat,
  dataDependent,
  div,
  entry,
  equal,
  exp,
  gather,
  gelu,
  iota,
  l2Normalize,
  lessOrEqual,
  linear,
  logSoftmax,
  matmul,
  mergeHeads,
  model,
  mul,
  nonZero,
  not,
  or,
  reduceMax,
  reduceSum,
  reshape,
  slice,
  splitHeads,
  sub,
  type TensorOf,
  tanh,
  transpose,
  upTo,
} from 'casement';
import { dense, norm, scoped } from '../shared/layers.ts';
import { readLavitConfig } from './config.ts';

type Rows = TensorOf<'float[batch patches hidden]'>;
type Bits = TensorOf<'bool[batch patches]'>;
/** Which keys a row may look at, as 0 and 1; one row may stand for all. */
type Allowed = TensorOf<'float[batch 1 patches patches]'> | TensorOf<'float[batch 1 1 patches]'>;

const BATCH = 8;

/** An image becomes as many tokens as it needs: patches are selected, and the others merged into them (LaVIT, arXiv 2309.04669). */
export default (config: unknown) => {
  const c = readLavitConfig(config);
  const eps = c.layer_norm_eps;

  /** Log-probabilities of keeping a patch and of dropping it, from itself and the mean of all. */
  const select = (x: Rows, policy: TensorOf<'float[batch patches]'>) =>
    scoped('token_predictor', x, (x) => {
      const h = gelu(dense(norm(x, 'in_conv.0', eps), 'in_conv.1', 'hidden'));
      const local = slice(h, 'hidden', { start: 0, size: 'half' });
      const weights = reshape(policy, ['batch', 'patches', 1]);
      const shared = mul(slice(h, 'hidden', { start: 'half', size: 'half' }), weights);
      const total = reduceSum(weights, 'patches', { keepDims: true });
      const mean = div(reduceSum(shared, 'patches', { keepDims: true }), total);
      const both = concat([local, broadcastTo(mean, ['batch', 'patches', 'half'])], 'half', 'hidden');
      const narrow = gelu(dense(gelu(dense(both, 'out_conv.0', 'half')), 'out_conv.2', 'quarter'));
      return logSoftmax(dense(narrow, 'out_conv.4', 'choices'), 'choices');
    });

  /** p_j = (w_j + ε/N)/(Σ w + ε) with w_j = exp(s_j − max s)·a_j: forbidden keys count for the maximum, and get their ε/N. */
  const policySoftmax = (scores: TensorOf<'float[batch heads patches patches]'>, allowed: Allowed) => {
    const w = mul(exp(sub(scores, reduceMax(scores, -1, { keepDims: true }))), allowed);
    const total = add(reduceSum(w, -1, { keepDims: true }), c.policy_eps);
    return div(add(w, c.policy_eps / c.num_patches), total);
  };

  /** Attention by that softmax, of rows of which each head has a part. */
  const attend = (q: Rows, k: Rows, v: Rows, allowed: Allowed) => {
    const heads = (x: Rows) => transpose(splitHeads(x, 'heads', 'headDim'), ['batch', 'heads', 'patches', 'headDim']);
    const keys = transpose(splitHeads(k, 'heads', 'headDim'), ['batch', 'heads', 'headDim', 'patches']);
    const scores = mul(matmul(heads(q), keys), (c.hidden_size / c.num_attention_heads) ** -0.5);
    const mixed = matmul(policySoftmax(scores, allowed), heads(v));
    return mergeHeads(transpose(mixed, ['batch', 'patches', 'heads', 'headDim']), 'hidden');
  };

  /** Patches look at kept ones before them and themselves, then at the original of dropped ones. */
  const mergerBlock = (x: Rows, name: string, original: Rows, kept: Allowed, dropped: Allowed) =>
    scoped(name, x, (x) => {
      const qkv = dense(norm(x, 'norm0', eps), 'token_causal_attn.qkv', '3*hidden');
      const part = (start: 0 | 'hidden' | '2*hidden') => slice(qkv, '3*hidden', { start, size: 'hidden' });
      const own = attend(part(0), part('hidden'), part('2*hidden'), kept);
      const h = add(x, dense(own, 'token_causal_attn.proj', 'hidden'));

      const q = dense(norm(h, 'norm1', eps), 'token_cross_attn.query', 'hidden');
      const k = dense(original, 'token_cross_attn.key', 'hidden');
      const v = dense(original, 'token_cross_attn.value', 'hidden');
      const seen = add(h, dense(attend(q, k, v, dropped), 'token_cross_attn.proj', 'hidden'));

      return add(seen, dense(gelu(dense(norm(seen, 'norm2', eps), 'mlp.fc1', 'ffn')), 'mlp.fc2', 'hidden'));
    });

  /** Kept patches take in the dropped ones. All rows stay until the end: through ε, dropped ones reach the others. */
  const merge = (x: Rows, keep: Bits) =>
    scoped('causal_encoder', x, (x) => {
      const column = iota(x, 'patches');
      const row = reshape(column, ['patches', 1]);
      const key = reshape(keep, ['batch', 1, 1, 'patches']);
      const kept = cast(and(or(key, equal(row, column)), lessOrEqual(column, row)), 'float');
      const dropped = cast(not(key), 'float');
      const original = norm(x, 'ln_vision', eps);
      let h = x;
      for (let i = 0; i < c.num_hidden_layers; i++) h = mergerBlock(h, `blocks.${i}`, original, kept, dropped);
      return norm(h, 'norm', eps);
    });

  /** z = unit(W₂ tanh(W₁ x)), and the code that is nearest: |z − e|² without |z|², which is the same for all. */
  const quantize = block(
    '',
    { inputs: { rows: 'float[kept hidden]' }, params: { 'quantize.embedding.weight': 'float[codes codeDim]' } },
    ({ rows }, p) => {
      const out = dense(tanh(dense(rows, 'encode_task_layer.0', 'hidden')), 'encode_task_layer.2', 'codeDim');
      const z = l2Normalize(out, 'codeDim', { eps: c.l2_norm_eps });
      const e = p['quantize.embedding.weight'];
      return { z, codes: argMin(sub(reduceSum(mul(e, e), 'codeDim'), mul(linear(z, e), 2)), 'codes') };
    },
  );

  const tokenise = entry(
    {
      inputs: {
        features: 'float[batch patches hidden]',
        policy: 'float[batch patches]',
        gumbel_noise: 'float[batch patches choices]',
      },
    },
    ({ features, policy, gumbel_noise }) => {
      const logProbs = select(features, policy);
      const keep = equal(argMax(add(logProbs, gumbel_noise), 'choices'), 0);
      const merged = merge(features, keep);
      const kept = nonZero(reshape(keep, ['batch*patches']), 'kept');
      const rows = gather(reshape(merged, ['batch*patches', 'hidden']), 'batch*patches', kept);
      const { z, codes } = quantize({ rows });
      return {
        log_probs: logProbs,
        keep: cast(keep, 'i32'),
        lengths: reduceSum(cast(keep, 'i32'), 'patches'),
        merged,
        visual_embeds: dense(rows, 'vit_proj', 'lmHidden'),
        quantizer_inputs: z,
        codes,
        token_ids: add(codes, c.code_token_offset),
      };
    },
  );

  return model('lavit', {
    dims: {
      batch: upTo(BATCH),
      patches: c.num_patches,
      // Of all images together; the selection decides.
      kept: dataDependent(BATCH * c.num_patches),
      hidden: c.hidden_size,
      half: c.hidden_size / 2,
      quarter: Math.floor(c.hidden_size / 4),
      choices: 2,
      heads: c.num_attention_heads,
      headDim: c.hidden_size / c.num_attention_heads,
      ffn: c.intermediate_size,
      codes: c.num_codes,
      codeDim: c.code_dim,
      lmHidden: c.lm_hidden_size,
    },
    entries: { tokenise },
  });
};
