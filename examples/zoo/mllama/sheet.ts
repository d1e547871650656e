import { interleaved, type Sheet } from '../shared/sheet.ts';

export default {
  block: { scope: 'model.layers.1', entry: 'step', depth: 2 },
  config: { ...interleaved, image_token_id: interleaved.vocab_size, max_num_tiles: 1, num_vision_tokens: 256 },
  size: 'the backbone, and 7 cross-attention layers between its blocks',
  runs: [
    { entry: 'openImage', given: '256 image tokens', dims: { keys: 256 }, role: 'image' },
    {
      entry: 'step',
      given: '1 token, text of 128, 1 tile',
      dims: { seq: 1, past: 128, window: 256, images: 1 },
      role: 'token',
    },
  ],
} satisfies Sheet;
