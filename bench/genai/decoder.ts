/** A text decoder of Llama's kind: what the peers can run, too. */
export interface Decoder {
  readonly vocab: number;
  readonly hidden: number;
  readonly ffn: number;
  readonly layers: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly headDim: number;
  readonly eps: number;
  readonly theta: number;
  /** Rows of the caches. */
  readonly capacity: number;
}

/** The decoder that is measured, of 200 million weights, with caches of `capacity` rows. */
export function measuredDecoder(capacity: number): Decoder {
  const heads = { heads: 16, kvHeads: 4, headDim: 64 };
  return { vocab: 32000, hidden: 1024, ffn: 2816, layers: 12, ...heads, eps: 1e-5, theta: 10000, capacity };
}

/** Its config.json; without fusion layers, which the peers do not have. */
export function configOf(c: Decoder) {
  return {
    model_type: 'casa_llama',
    vocab_size: c.vocab,
    hidden_size: c.hidden,
    intermediate_size: c.ffn,
    num_hidden_layers: c.layers,
    num_attention_heads: c.heads,
    num_key_value_heads: c.kvHeads,
    head_dim: c.headDim,
    hidden_act: 'silu',
    rms_norm_eps: c.eps,
    rope_theta: c.theta,
    attention_bias: false,
    mlp_bias: false,
    tie_word_embeddings: false,
    fusion: { attention: 'casa', order: 'parallel', layers: [], shared: false, update_images: false },
  };
}
