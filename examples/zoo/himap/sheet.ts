import { backbone, type Sheet } from '../shared/sheet.ts';

export default {
  block: { scope: 'model.layers.2', entry: 'prune', depth: 1 },
  config: {
    ...backbone,
    image_token_id: 0,
    system_length: 35,
    image_length: 256,
    text_length: 64,
    text_rank_layer: 2,
    text_rank_keep: 128,
    image_rank_layer: 8,
    image_rank_keep: 26,
  },
  size: 'the backbone; 128 of 256 image tokens left from block 2 on, 26 from block 8 on',
  runs: [
    { entry: 'prune', given: '35 + 256 + 64 tokens', dims: { batch: 1, samples: 1, seq: 355 }, role: 'pass' },
    { entry: 'whole', given: '35 + 256 + 64 tokens', dims: { batch: 1, samples: 1, seq: 355 }, role: 'pass' },
  ],
} satisfies Sheet;
