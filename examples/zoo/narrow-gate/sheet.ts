import { backbone, type Sheet } from '../shared/sheet.ts';

const codes = 8192;

export default {
  block: { scope: 'model.layers.0', entry: 'forward', depth: 2 },
  config: {
    ...backbone,
    code_token_ids: Array.from({ length: codes }, (_, code) => 100 + code),
    vq_config: {
      resolution: 256,
      base_channels: 128,
      channel_multiplier: [1, 1, 2, 2, 4],
      num_res_blocks: 2,
      latent_channels: 256,
      embed_dim: 256,
      num_embeddings: codes,
    },
  },
  size: 'the backbone, and Chameleon’s VQ encoder: 256×256 pixels to 256 codes',
  runs: [
    {
      entry: 'forward',
      given: 'an image of 256×256 pixels, 355 tokens',
      dims: { batch: 1, samples: 1, images: 1, seq: 355 },
      role: 'pass',
    },
  ],
} satisfies Sheet;
