import { fields, index, number, only, readConfig, size } from '../shared/config.ts';

const schema = {
  vocab_size: size,
  max_position_embeddings: size,
  type_vocab_size: size,
  modality_type_vocab_size: size,
  image_size: size,
  patch_size: size,
  num_channels: size,
  layer_norm_eps: number,
  hidden_act: only('gelu'),
  hidden_size: size,
  num_hidden_layers: index,
  num_attention_heads: size,
  intermediate_size: size,
  num_labels: size,
  albef: fields({
    hidden_size: size,
    num_attention_heads: size,
    intermediate_size: size,
    vision_layers: index,
    text_layers: index,
    fusion_layers: index,
  }),
};

/** Sizes of a checkpoint's `config.json`: ViLT's, and ALBEF's in `albef`. Throws ConfigError that says what is wrong. */
export function readEpicConfig(config: unknown) {
  return readConfig(config, schema, (c) => [
    c.hidden_size % c.num_attention_heads > 0 && 'num_attention_heads: must divide hidden_size',
    c.albef.hidden_size % c.albef.num_attention_heads > 0 && 'albef.num_attention_heads: must divide hidden_size',
    c.image_size % c.patch_size > 0 && 'patch_size: must divide image_size',
    c.modality_type_vocab_size < 2 && 'modality_type_vocab_size: must be 2 or more: text is 0, image 1',
  ]);
}
