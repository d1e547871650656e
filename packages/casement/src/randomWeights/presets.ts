/** Qwen2.5-VL's image encoder, projected to a decoder of width 2048. */
const vision = {
  depth: 32,
  hidden_size: 1280,
  intermediate_size: 3420,
  num_heads: 16,
  in_channels: 3,
  patch_size: 14,
  temporal_patch_size: 2,
  spatial_merge_size: 2,
  window_size: 112,
  out_hidden_size: 2048,
  fullatt_block_indexes: [7, 15, 23, 31],
  hidden_act: 'silu',
};

/** As in the released models: a fusion layer of its own in every block, beside self-attention. */
const fusion = { attention: 'casa', order: 'parallel', layers: null, shared: false, update_images: false };

/** `config.json` of models of full size. `2B`: Helium-1-2B with CASA; `3B`: Qwen2.5-VL-3B with CASA. */
export const presets: ReadonlyMap<string, object> = new Map([
  [
    '2B',
    {
      model_type: 'casa_llama',
      vocab_size: 64000,
      hidden_size: 2048,
      intermediate_size: 8192,
      num_hidden_layers: 28,
      num_attention_heads: 16,
      num_key_value_heads: 8,
      head_dim: 128,
      hidden_act: 'silu',
      rms_norm_eps: 1e-8,
      rope_theta: 20000,
      attention_bias: false,
      mlp_bias: false,
      tie_word_embeddings: false,
      fusion,
      vision_config: vision,
    },
  ],
  [
    '3B',
    {
      model_type: 'casa_qwen2_5_vl',
      vocab_size: 151936,
      hidden_size: 2048,
      intermediate_size: 11008,
      num_hidden_layers: 36,
      num_attention_heads: 16,
      num_key_value_heads: 2,
      hidden_act: 'silu',
      rms_norm_eps: 1e-6,
      rope_theta: 1000000,
      rope_scaling: { type: 'mrope', mrope_section: [16, 24, 24] },
      tie_word_embeddings: true,
      image_token_id: 151655,
      video_token_id: 151656,
      vision_start_token_id: 151652,
      vision_end_token_id: 151653,
      fusion,
      vision_config: vision,
    },
  ],
]);
