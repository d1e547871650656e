import { backbone, type Sheet } from '../shared/sheet.ts';

export default {
  block: { scope: 'model.gated_cross_attn_layers.0', entry: 'step', depth: 2 },
  config: { ...backbone, vision_embed_dim: 2048, cross_layer_interval: 4 },
  size: 'the backbone, and a gated layer before every fourth block',
  runs: [
    { entry: 'openImage', given: '256 image tokens', dims: { tokens: 256 }, role: 'image' },
    { entry: 'step', given: '1 token, text of 128', dims: { seq: 1, past: 128, window: 256 }, role: 'token' },
  ],
} satisfies Sheet;
