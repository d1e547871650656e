import {
  add,
  attention,
  block,
  capacity,
  type DimDeclarations,
  linear,
  mergeHeads,
  mlp,
  norm,
  projections,
  rope,
  selfAttention,
  splitHeads,
  upTo,
} from 'casement';
import { oneOf, positive, readConfig, requireConfig, size } from './readConfig.ts';

/** Fields of a config.json that every Llama decoder has. */
const llamaFields = {
  vocab_size: size,
  hidden_size: size,
  intermediate_size: size,
  num_hidden_layers: size,
  num_attention_heads: size,
  num_key_value_heads: size,
  rms_norm_eps: positive,
  rope_theta: positive,
  hidden_act: oneOf('silu'),
  tie_word_embeddings: oneOf(false),
};

export type Llama = ReturnType<typeof readLlama>;

/** A Llama decoder as a config.json describes it; `path` names the object in it. Throws ConfigError. */
export function readLlama(config: unknown, path?: string) {
  const c = readConfig(config, llamaFields, path);
  const at = path === undefined ? '' : `${path}.`;
  requireConfig(c.hidden_size % c.num_attention_heads === 0, `${at}hidden_size: is no multiple of num_attention_heads`);
  requireConfig(
    c.num_attention_heads % c.num_key_value_heads === 0,
    `${at}num_attention_heads: is no multiple of num_key_value_heads`,
  );
  return {
    ...c,
    norm: { eps: c.rms_norm_eps, scaleInF32: false },
    rope: { theta: c.rope_theta, layout: 'half' },
    bias: { qkv: false, o: false, mlp: false },
  } as const;
}

/** A whole pass takes several samples; caches hold the tokens of one. */
export function llamaDims(c: Llama): DimDeclarations {
  return {
    samples: upTo(8),
    batch: 1,
    seq: upTo(512),
    past: capacity(4096),
    vocab: c.vocab_size,
    hidden: c.hidden_size,
    ffn: c.intermediate_size,
    heads: c.num_attention_heads,
    kvHeads: c.num_key_value_heads,
    headDim: c.hidden_size / c.num_attention_heads,
    states: c.num_hidden_layers + 1,
  };
}

/** x ← x + SA(n x), x ← x + MLP(n' x): the whole text in `forward`, behind what the caches hold in `step`. */
export function llamaLayer(c: Llama, index: number) {
  const name = `layers.${index}`;
  const n = norm('input_layernorm', c.norm);
  const nPrime = norm('post_attention_layernorm', c.norm);
  const sa = wholeSelfAttention(c);
  const cachedSa = selfAttention(c);
  const ff = mlp(c.bias);

  const forward = block(
    name,
    { inputs: { x: 'float[samples seq hidden]', positions: 'i32[samples seq]' } },
    ({ x, positions }) => {
      const h = add(x, sa({ x: n(x), positions }));
      return add(h, ff(nPrime(h)));
    },
  );
  const step = block(
    name,
    { inputs: { x: 'float[batch seq hidden]', positions: 'i32[batch seq]' } },
    ({ x, positions }) => {
      const h = add(x, cachedSa({ x: n(x), positions }));
      return add(h, ff(nPrime(h)));
    },
  );
  return { forward, step };
}

/** MHA(x_T | x_1 … x_T) with rotary positions, without a cache. */
function wholeSelfAttention(c: Llama) {
  return block(
    'self_attn',
    { inputs: { x: 'float[samples seq hidden]', positions: 'i32[samples seq]' }, params: projections(c.bias) },
    ({ x, positions }, p) => {
      const q = splitHeads(linear(x, p['q_proj.weight']), 'heads', 'headDim');
      const k = splitHeads(linear(x, p['k_proj.weight']), 'kvHeads', 'headDim');
      const v = splitHeads(linear(x, p['v_proj.weight']), 'kvHeads', 'headDim');
      const mixed = attention(rope(q, positions, c.rope), rope(k, positions, c.rope), v, { causal: true });
      return linear(mergeHeads(mixed, 'heads*headDim'), p['o_proj.weight']);
    },
  );
}
