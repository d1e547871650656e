import {
  add,
  and,
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
  when,
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
type Visible = TensorOf<'bool[1 1 seq seq]'>;

/** What an experiment does to a run. */
interface Intervention {
  /** What block `layer`'s rows see; all before them unless given. */
  readonly mask?: (layer: number) => Visible;
  /** Changes the input of block `layer`. */
  readonly edit?: (x: Rows, layer: number) => Rows;
}

/** Chameleon, whose images are tokens of its text, and what becomes of it when paths through it are cut (arXiv 2412.06646). */
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
  const selfAttention = (masked: boolean) =>
    block(
      'self_attn',
      {
        inputs: {
          x: 'float[batch seq hidden]',
          positions: 'i32[batch seq]',
          visible: when(masked, 'bool[1 1 seq seq]'),
        },
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
      ({ x, positions, visible }, p) => {
        const eps = c.qk_norm_eps;
        const heads = standardize(splitHeads(linear(x, p['q_proj.weight']), 'heads', 'headDim'), { eps });
        const keys = standardize(splitHeads(linear(x, p['k_proj.weight']), 'kvHeads', 'headDim'), { eps });
        const q = rope(add(mul(heads, p['q_norm.weight']), p['q_norm.bias']), positions, rotary);
        const k = rope(add(mul(keys, p['k_norm.weight']), p['k_norm.bias']), positions, rotary);
        const v = splitHeads(linear(x, p['v_proj.weight']), 'kvHeads', 'headDim');
        const mixed = attention(q, k, v, { causal: true, ...(visible ? { mask: visible } : {}) });
        return linear(mergeHeads(mixed, 'heads*headDim'), p['o_proj.weight']);
      },
    );

  const layer = (index: number, masked: boolean) =>
    block(
      `model.layers.${index}`,
      {
        inputs: {
          x: 'float[batch seq hidden]',
          positions: 'i32[batch seq]',
          visible: when(masked, 'bool[1 1 seq seq]'),
        },
      },
      ({ x, positions, visible }) => {
        const h = add(x, selfAttention(masked)({ x: inputNorm(x), positions, visible }));
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

  /** Tokens of a text with its image, through all blocks. */
  const run = (
    { input_ids, pixel_values }: { readonly [K in keyof typeof given]: TensorOf<(typeof given)[K]> },
    p: { readonly [K in keyof typeof params]: TensorOf<(typeof params)[K]> },
    { mask, edit = (x) => x }: Intervention = {},
  ) => {
    const { latents, codes } = tokenise({ pixels: pixel_values });
    const ids = showImage(input_ids, codes);
    const positions = broadcastTo(iota(ids, 'seq'), ['batch', 'seq']);
    const states: Rows[] = [];
    let x: Rows = gather(p['model.embed_tokens.weight'], 'vocab', ids);
    for (let index = 0; index < c.num_hidden_layers; index++) {
      const edited = edit(x, index);
      states.push(edited);
      x = layer(index, mask !== undefined)({ x: edited, positions, visible: mask?.(index) });
    }
    states.push(x);
    const logits = linear(finalNorm(x), p['lm_head.weight']);
    const last = slice(logits, 'seq', { start: 'seq-1', size: 1 });
    const isCode = less(0, constant(last, 'i32', ['vocab'], isCodeToken));
    const nextToken = reshape(argMax(where(isCode, LOWEST, last), 'vocab'), ['batch']);
    return { latents, codes, ids, states: stack(states, 'states'), logits, nextToken };
  };

  const forward = entry({ inputs: given, params }, (inputs, p) => {
    const { latents, codes, ids, states, logits, nextToken } = run(inputs, p);
    return { vq_latents: latents, codes, token_ids: ids, hidden_states: states, logits, next_token: nextToken };
  });

  /** In blocks with layers = 1, rows with rows = 1 do not see columns with columns = 1. */
  const knockout = entry(
    { inputs: { ...given, layers: 'i32[layers]', rows: 'i32[seq]', columns: 'i32[seq]' }, params },
    (inputs, p) => {
      const cut = mul(reshape(inputs.rows, ['seq', 1]), inputs.columns);
      const mask = (index: number) => {
        const here = slice(inputs.layers, 'layers', { start: index, size: 1 });
        return reshape(equal(mul(cut, here), 0), [1, 1, 'seq', 'seq']);
      };
      const { ids, logits, nextToken } = run(inputs, p, { mask });
      return { token_ids: ids, logits, next_token: nextToken };
    },
  );

  /** The row `position` of the input of block `layers` is replaced. */
  const replacing = (
    layer: TensorOf<'i32[]'>,
    position: TensorOf<'i32[1]'>,
    vector: TensorOf<'float[hidden]'>,
  ): Intervention => ({
    edit: (x, index) => {
      const isRow = equal(reshape(iota(x, 'seq'), ['seq', 1]), position);
      return where(and(isRow, equal(layer, index)), vector, x);
    },
  });

  const patch = entry(
    { inputs: { ...given, layers: 'i32[]', position: 'i32[1]', vectors: 'float[hidden]' }, params },
    (inputs, p) => {
      const { ids, logits, nextToken } = run(inputs, p, replacing(inputs.layers, inputs.position, inputs.vectors));
      return { token_ids: ids, logits, next_token: nextToken };
    },
  );

  /** The vectors that another image has in that place. */
  const vectors = entry(
    {
      inputs: {
        input_ids: given.input_ids,
        target_pixel_values: given.pixel_values,
        layers: 'i32[]',
        position: 'i32[1]',
      },
      params,
    },
    ({ input_ids, target_pixel_values, layers, position }, p) => {
      const { codes, states } = run({ input_ids, pixel_values: target_pixel_values }, p);
      const row = gather(gather(states, 'states', layers), 'seq', position);
      return { target_codes: codes, vectors: reshape(row, ['batch', 'hidden']) };
    },
  );

  return model('narrow-gate', {
    dims: {
      batch: 1,
      seq: upTo(1024),
      vocab: c.vocab_size,
      hidden: c.hidden_size,
      ffn: c.intermediate_size,
      layers: c.num_hidden_layers,
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
    entries: { forward, knockout, patch, vectors },
  });
};
