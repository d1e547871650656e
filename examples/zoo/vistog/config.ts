import { index, number, only, readConfig, size } from '../shared/config.ts';

/** Sizes of a checkpoint's `config.json`. Throws ConfigError that says what is wrong with it. */
export function readVistogConfig(config: unknown) {
  const schema = {
    hidden_size: size,
    intermediate_size: size,
    num_hidden_layers: index,
    num_attention_heads: size,
    image_size: size,
    patch_size: size,
    num_channels: size,
    hidden_act: only('quick_gelu'),
    layer_norm_eps: number,
    num_semantic_tokens: size,
    group_hidden_act: only('gelu'),
    group_layer_norm_eps: number,
    assign_eps: number,
    assign_token_mlp: size,
    assign_channel_mlp: size,
    lm_hidden_size: size,
  };
  return readConfig(config, schema, (c) => [
    c.hidden_size % c.num_attention_heads > 0 && 'num_attention_heads: must divide hidden_size',
    c.image_size % c.patch_size > 0 && 'patch_size: must divide image_size',
  ]);
}
