import { block, linear, swiglu, when } from '@casement/dsl';
import type { BiasConfig } from './decoderConfig.ts';

/** MLP(x) = down(silu(gate x) ⊙ up x), for text and image tokens alike. */
export function mlp(bias: BiasConfig) {
  return block(
    'mlp',
    {
      inputs: 'float[... hidden]',
      params: {
        'gate_proj.weight': 'float[ffn hidden]',
        'gate_proj.bias': when(bias.mlp, 'float[ffn]'),
        'up_proj.weight': 'float[ffn hidden]',
        'up_proj.bias': when(bias.mlp, 'float[ffn]'),
        'down_proj.weight': 'float[hidden ffn]',
        'down_proj.bias': when(bias.mlp, 'float[hidden]'),
      },
    },
    (x, p) => {
      const gate = linear(x, p['gate_proj.weight'], p['gate_proj.bias']);
      const up = linear(x, p['up_proj.weight'], p['up_proj.bias']);
      return linear(swiglu(gate, up), p['down_proj.weight'], p['down_proj.bias']);
    },
  );
}
