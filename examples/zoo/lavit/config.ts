import { index, number, only, readConfig, size } from '../shared/config.ts';

/** Sizes of a checkpoint's `config.json`. Throws ConfigError that says what is wrong with it. */
export function readLavitConfig(config: unknown) {
  const schema = {
    hidden_size: size,
    num_attention_heads: size,
    num_hidden_layers: index,
    intermediate_size: size,
    num_patches: size,
    layer_norm_eps: number,
    hidden_act: only('gelu'),
    policy_eps: number,
    causal: only(true),
    num_codes: size,
    code_dim: size,
    l2_norm_eps: number,
    code_token_offset: index,
    lm_hidden_size: size,
  };
  return readConfig(config, schema, (c) => [
    c.hidden_size % c.num_attention_heads > 0 && 'num_attention_heads: must divide hidden_size',
    c.hidden_size % 2 > 0 && 'hidden_size: must be even',
  ]);
}
