import {
  add,
  argMax,
  attention,
  block,
  broadcastTo,
  cast,
  constant,
  cumSum,
  entry,
  equal,
  gather,
  gatherAlong,
  iota,
  less,
  linear,
  max,
  mergeHeads,
  min,
  mlp,
  model,
  mul,
  norm,
  reshape,
  rope,
  slice,
  splitHeads,
  stack,
  standardize,
  sub,
  type TensorOf,
  upTo,
  where,
} from 'casement';
import { readNarrowGateConfig } from './config.ts';
import { vqEncoder } from './vqEncoder.ts';

/** Of the logits of image tokens, which are never said: the lowest float. */
const LOWEST = -3.4028234663852886e38;

const given = { input_ids: 'i32[batch seq]', pixel_values: 'float[batch channels resolution resolution]' } as const;
const params = {
  'model.embed_tokens.weight': 'float[vocab hidden]',
  'lm_head.weight': 'float[vocab hidden]',
} as const;

type Rows = TensorOf<'float[batch seq hidden]'>;

/** Chameleon, whose images are tokens of its text (arXiv 2405.09818). */
export default (config: unknown) => {
  const c = readNarrowGateConfig(config);
  const rotary = { theta: c.rope_theta, layout: 'half' } as const;
  const bias = { qkv: false, o: false, mlp: false };
  const rmsConfig = { eps: c.rms_norm_eps, scaleInF32: false };
  const [inputNorm, postNorm] = [norm('input_layernorm', rmsConfig), norm('post_attention_layernorm', rmsConfig)];
  const [finalNorm, ff] = [norm('model.norm', rmsConfig), mlp(bias)];
  const { vq_config: vq } = c;
  const tokenise = vqEncoder(vq);
  const side = vq.resolution / 2 ** (vq.channel_multiplier.length - 1);
  const cells = side * side;
  const isCodeToken = Array.from({ length: c.vocab_size }, (_, id) => Number(c.code_token_ids.includes(id)));

  /** Causal self-attention; each head of q and k has a layer norm of its own. */
  const selfAttention = block(
    'self_attn',
    {
      inputs: { x: 'float[batch seq hidden]', positions: 'i32[batch seq]' },
      params: {
        'q_proj.weight': 'float[heads*headDim hidden]',
        'k_proj.weight': 'float[kvHeads*headDim hidden]',
        'v_proj.weight': 'float[kvHeads*headDim hidden]',
        'o_proj.weight': 'float[hidden heads*headDim]',
        'q_norm.weight': 'float[heads headDim]',
        'q_norm.bias': 'float[heads headDim]',
        'k_norm.weight': 'float[kvHeads headDim]',
        'k_norm.bias': 'float[kvHeads headDim]',
      },
    },
    ({ x, positions }, p) => {
      const eps = c.qk_norm_eps;
      const heads = standardize(splitHeads(linear(x, p['q_proj.weight']), 'heads', 'headDim'), { eps });
      const keys = standardize(splitHeads(linear(x, p['k_proj.weight']), 'kvHeads', 'headDim'), { eps });
      const q = rope(add(mul(heads, p['q_norm.weight']), p['q_norm.bias']), positions, rotary);
      const k = rope(add(mul(keys, p['k_norm.weight']), p['k_norm.bias']), positions, rotary);
      const v = splitHeads(linear(x, p['v_proj.weight']), 'kvHeads', 'headDim');
      const mixed = attention(q, k, v, { causal: true });
      return linear(mergeHeads(mixed, 'heads*headDim'), p['o_proj.weight']);
    },
  );

  const layer = (index: number) =>
    block(
      `model.layers.${index}`,
      { inputs: { x: 'float[batch seq hidden]', positions: 'i32[batch seq]' } },
      ({ x, positions }) => {
        const h = add(x, selfAttention({ x: inputNorm(x), positions }));
        return add(h, ff(postNorm(h)));
      },
    );

  /** The k-th row with the image's token gets the token of the k-th code. */
  const showImage = (ids: TensorOf<'i32[batch seq]'>, codes: TensorOf<'i32[batch cells]'>) => {
    const tokens = gather(constant(codes, 'i32', ['codebook'], c.code_token_ids), 'codebook', codes);
    const isImage = equal(ids, c.image_token_id);
    const count = cumSum(cast(isImage, 'i32'), 'seq');
    const k = max(sub(min(count, cells), 1), 0);
    return where(isImage, gatherAlong(tokens, 'cells', k), ids);
  };

  /** A text with its image, through all blocks. */
  const forward = entry({ inputs: given, params }, ({ input_ids, pixel_values }, p) => {
    const { latents, codes } = tokenise({ pixels: pixel_values });
    const ids = showImage(input_ids, codes);
    const positions = broadcastTo(iota(ids, 'seq'), ['batch', 'seq']);
    let x: Rows = gather(p['model.embed_tokens.weight'], 'vocab', ids);
    const states = [x];
    for (let index = 0; index < c.num_hidden_layers; index++) {
      x = layer(index)({ x, positions });
      states.push(x);
    }
    const logits = linear(finalNorm(x), p['lm_head.weight']);
    const last = slice(logits, 'seq', { start: 'seq-1', size: 1 });
    const isCode = less(0, constant(last, 'i32', ['vocab'], isCodeToken));
    const nextToken = reshape(argMax(where(isCode, LOWEST, last), 'vocab'), ['batch']);
    return {
      vq_latents: latents,
      codes,
      token_ids: ids,
      hidden_states: stack(states, 'states'),
      logits,
      next_token: nextToken,
    };
  });

  return model('chameleon', {
    dims: {
      batch: 1,
      seq: upTo(1024),
      vocab: c.vocab_size,
      hidden: c.hidden_size,
      ffn: c.intermediate_size,
      states: c.num_hidden_layers + 1,
      heads: c.num_attention_heads,
      kvHeads: c.num_key_value_heads,
      headDim: c.head_dim,
      channels: vq.in_channels,
      resolution: vq.resolution,
      vqWidth: vq.base_channels * (vq.channel_multiplier.at(-1) ?? 1),
      vqSide: side,
      cells,
      latent: vq.latent_channels,
      embed: vq.embed_dim,
      codebook: vq.num_embeddings,
    },
    entries: { forward },
  });
};
