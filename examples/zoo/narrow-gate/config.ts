import { absent, fields, index, listOf, number, only, readConfig, size } from '../shared/config.ts';

/** Sizes of a checkpoint's `config.json`. Throws ConfigError that says what is wrong with it. */
export function readNarrowGateConfig(config: unknown) {
  const schema = {
    vocab_size: size,
    hidden_size: size,
    intermediate_size: size,
    num_hidden_layers: size,
    num_attention_heads: size,
    num_key_value_heads: size,
    head_dim: size,
    hidden_act: only('silu'),
    rms_norm_eps: number,
    rope_theta: number,
    rope_scaling: absent('scaled rotary embeddings are not implemented; it must be left out'),
    attention_bias: only(false),
    mlp_bias: only(false),
    tie_word_embeddings: only(false),
    swin_norm: only(false),
    qk_norm_eps: number,
    image_token_id: index,
    code_token_ids: listOf(index),
    vq_config: fields({
      resolution: size,
      in_channels: size,
      base_channels: size,
      channel_multiplier: listOf(size),
      num_res_blocks: index,
      latent_channels: size,
      embed_dim: size,
      num_embeddings: size,
      attn_type: only('vanilla'),
      attn_resolutions: only(null),
      double_latent: only(false),
      norm_groups: size,
      norm_eps: number,
    }),
  };
  return readConfig(config, schema, (c) => {
    const { vq_config: vq } = c;
    const widths = [1, ...vq.channel_multiplier].map((multiplier) => vq.base_channels * multiplier);
    return [
      c.num_attention_heads % c.num_key_value_heads > 0 && 'num_key_value_heads: must divide num_attention_heads',
      c.code_token_ids.length !== vq.num_embeddings && 'code_token_ids: must have vq_config.num_embeddings ids',
      c.code_token_ids.some((id) => id >= c.vocab_size) && 'code_token_ids: must be below vocab_size',
      vq.resolution % 2 ** (vq.channel_multiplier.length - 1) > 0 &&
        'vq_config.resolution: must be a multiple of 2^(number of channel_multiplier − 1)',
      widths.some((width) => width % vq.norm_groups > 0) &&
        'vq_config.norm_groups: must divide the width of every level',
    ];
  });
}
