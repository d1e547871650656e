import { absent, index, number, only, readConfig, size } from '../shared/config.ts';

/** Sizes of a checkpoint's `config.json`. Throws ConfigError that says what is wrong with it. */
export function readHimapConfig(config: unknown) {
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
    system_length: index,
    image_length: size,
    text_rank_layer: size,
    text_rank_keep: index,
    image_rank_layer: size,
    image_rank_keep: index,
  };
  return readConfig(config, schema, (c) => [
    c.num_attention_heads % c.num_key_value_heads > 0 && 'num_key_value_heads: must divide num_attention_heads',
    c.text_rank_keep > c.image_length && 'text_rank_keep: must not be above image_length',
    c.image_rank_keep > c.text_rank_keep && 'image_rank_keep: must not be above text_rank_keep',
    c.image_rank_layer <= c.text_rank_layer && 'image_rank_layer: must be above text_rank_layer',
    c.image_rank_layer >= c.num_hidden_layers && 'image_rank_layer: must be below num_hidden_layers',
  ]);
}
