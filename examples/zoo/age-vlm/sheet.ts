import { interleaved, type Sheet } from '../shared/sheet.ts';

export default {
  block: { scope: 'language_model.model.layers.1', entry: 'step', depth: 2 },
  config: {
    vision_config: { hidden_sizes: [128, 256, 512, 1024], depths: [3, 3, 27, 3] },
    text_config: interleaved,
  },
  size: 'the backbone, 7 cross-attention layers between its blocks, and ConvNeXt base',
  runs: [
    { entry: 'openImage', given: '256 image tokens', dims: { keys: 256 }, role: 'image' },
    { entry: 'step', given: '1 token, text of 128', dims: { seq: 1, past: 128, window: 256 }, role: 'token' },
  ],
} satisfies Sheet;
