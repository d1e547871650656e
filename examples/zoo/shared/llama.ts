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
import { bindable } from './bindable.ts';
import { absent, number, only, size } from './config.ts';

/** Fields of a config.json that every Llama decoder has. */
export const llamaFields = {
  vocab_size: size,
  hidden_size: size,
  intermediate_size: size,
  num_hidden_layers: size,
  num_attention_heads: size,
  num_key_value_heads: size,
  rms_norm_eps: number,
  rope_theta: number,
  rope_scaling: absent('scaled rotary embeddings are not implemented; it must be left out'),
  hidden_act: only('silu'),
  tie_word_embeddings: only(false),
};

/** A Llama decoder, as these fields describe it. */
export interface Llama {
  readonly vocab_size: number;
  readonly hidden_size: number;
  readonly intermediate_size: number;
  readonly num_hidden_layers: number;
  readonly num_attention_heads: number;
  readonly num_key_value_heads: number;
  readonly rms_norm_eps: number;
  readonly rope_theta: number;
}

/** What of its sizes does not fit together; `at` stands before the names of fields. */
export function llamaProblems(c: Llama, at = ''): readonly (string | false)[] {
  return [
    c.hidden_size % c.num_attention_heads > 0 && `${at}num_attention_heads: must divide hidden_size`,
    c.num_attention_heads % c.num_key_value_heads > 0 && `${at}num_key_value_heads: must divide num_attention_heads`,
  ];
}

/** The options of its blocks: those of norms, rotary positions and biases. */
export function llamaOptions(c: Llama) {
  return {
    norm: { eps: c.rms_norm_eps, scaleInF32: false },
    rope: { theta: c.rope_theta, layout: 'half' },
    bias: { qkv: false, o: false, mlp: false },
  } as const;
}

/** Tokens of the longest image: four tiles of Llama 3.2 Vision and some. */
export const LONGEST_IMAGE = 8192;

/**
 * A whole pass takes several samples, as many and as long as keeps images and logits bindable; caches hold the tokens of
 * one.
 */
export function llamaDims(c: Llama): DimDeclarations {
  const samples = bindable(LONGEST_IMAGE * c.hidden_size, 8);
  return {
    samples: upTo(samples),
    batch: 1,
    seq: upTo(bindable(samples * c.vocab_size, 512)),
    past: capacity(4096),
    vocab: c.vocab_size,
    hidden: c.hidden_size,
    ffn: c.intermediate_size,
    heads: c.num_attention_heads,
    kvHeads: c.num_key_value_heads,
    headDim: c.hidden_size / c.num_attention_heads,
  };
}

/** x ← x + SA(n x), x ← x + MLP(n' x): the whole text in `forward`, behind what the caches hold in `step`. */
export function llamaLayer(c: Llama, index: number) {
  const name = `layers.${index}`;
  const options = llamaOptions(c);
  const n = norm('input_layernorm', options.norm);
  const nPrime = norm('post_attention_layernorm', options.norm);
  const sa = wholeSelfAttention(options);
  const cachedSa = selfAttention(options);
  const ff = mlp(options.bias);

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
function wholeSelfAttention(c: ReturnType<typeof llamaOptions>) {
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
