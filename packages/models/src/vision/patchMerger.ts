import { block, gelu, linear, reshape } from '@casement/dsl';
import type { NormConfig } from '../decoderConfig.ts';
import { visionNorm } from './visionLayer.ts';

/** Each square of patches, side by side, as one token of the decoder's width. Their rows stand together already. */
export function patchMerger(normConfig: NormConfig) {
  const norm = visionNorm('ln_q', normConfig);
  return block(
    'merger',
    {
      inputs: { x: 'float[batch patches visionHidden]' },
      params: {
        'mlp.0.weight': 'float[cell*visionHidden cell*visionHidden]',
        'mlp.0.bias': 'float[cell*visionHidden]',
        'mlp.2.weight': 'float[hidden cell*visionHidden]',
        'mlp.2.bias': 'float[hidden]',
      },
    },
    ({ x }, p) => {
      const cells = reshape(norm(x), ['patches/cell', 'cell*visionHidden']);
      return linear(gelu(linear(cells, p['mlp.0.weight'], p['mlp.0.bias'])), p['mlp.2.weight'], p['mlp.2.bias']);
    },
  );
}
