import { fields, index, number, only, readConfig, size } from '../shared/config.ts';

/** Sizes of a checkpoint's `config.json`. Throws ConfigError that says what is wrong with it. */
export function readVlmaeConfig(config: unknown) {
  const schema = {
    hidden_size: size,
    num_hidden_layers: index,
    num_attention_heads: size,
    intermediate_size: size,
    image_size: size,
    patch_size: size,
    num_channels: size,
    num_patches: size,
    num_visible: index,
    hidden_act: only('gelu'),
    layer_norm_eps: number,
    decoder_hidden_size: size,
    decoder_num_hidden_layers: index,
    decoder_num_attention_heads: size,
    decoder_intermediate_size: size,
    fusion_layers: index,
    text_config: fields({
      vocab_size: size,
      num_hidden_layers: index,
      max_position_embeddings: size,
      type_vocab_size: size,
    }),
  };
  return readConfig(config, schema, (c) => [
    c.hidden_size % c.num_attention_heads > 0 && 'num_attention_heads: must divide hidden_size',
    c.decoder_hidden_size % c.decoder_num_attention_heads > 0 &&
      'decoder_num_attention_heads: must divide decoder_hidden_size',
    (c.image_size / c.patch_size) ** 2 !== c.num_patches && 'num_patches: must be (image_size / patch_size)²',
    c.num_visible > c.num_patches && 'num_visible: must not be above num_patches',
  ]);
}
