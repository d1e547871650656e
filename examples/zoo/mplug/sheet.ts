import { base, type Sheet } from '../shared/sheet.ts';

export default {
  block: { entry: 'forward', depth: 1 },
  config: { ...base, vocab_size: 30522, max_position_embeddings: 512, text_encoder_layers: 6, fusion_layers: 6 },
  size: 'BERT base: 6 layers of text, 6 of fusion',
  runs: [
    { entry: 'forward', given: '32 words, 256 image tokens', dims: { batch: 1, text: 32, image: 256 }, role: 'pass' },
  ],
} satisfies Sheet;
