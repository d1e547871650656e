/** The decoder that is measured: 12 layers of a Llama, 168 million weights. */
export const model = {
  vocab: 32000,
  hidden: 1024,
  ffn: 2816,
  layers: 12,
  heads: 16,
  kvHeads: 4,
  headDim: 64,
  eps: 1e-5,
  theta: 10000,
  /** Rows of the caches. */
  capacity: 4352,
} as const;

/** As Hugging Face writes it; without fusion layers, which the peers do not have. */
export const config = {
  model_type: 'casa_llama',
  vocab_size: model.vocab,
  hidden_size: model.hidden,
  intermediate_size: model.ffn,
  num_hidden_layers: model.layers,
  num_attention_heads: model.heads,
  num_key_value_heads: model.kvHeads,
  head_dim: model.headDim,
  hidden_act: 'silu',
  rms_norm_eps: model.eps,
  rope_theta: model.theta,
  attention_bias: false,
  mlp_bias: false,
  tie_word_embeddings: false,
  fusion: { attention: 'casa', order: 'parallel', layers: [], shared: false, update_images: false },
};
