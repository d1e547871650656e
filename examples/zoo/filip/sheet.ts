import { base, type Sheet } from '../shared/sheet.ts';

const text = { hidden_size: 512, num_attention_heads: 8, intermediate_size: 2048 };

export default {
  block: { entry: 'forward', depth: 1 },
  config: {
    projection_dim: 256,
    text_config: { ...text, num_hidden_layers: 12, vocab_size: 49408, max_position_embeddings: 77 },
    vision_config: { ...base, num_hidden_layers: 12, image_size: 224, patch_size: 14 },
  },
  size: 'CLIP ViT-B/14 at 224×224 pixels, text of width 512',
  runs: [
    { entry: 'forward', given: '1 image, 1 text of 32 words', dims: { images: 1, texts: 1, seq: 32 }, role: 'pass' },
  ],
} satisfies Sheet;
