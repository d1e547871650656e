import { base, type Sheet } from '../shared/sheet.ts';

export default {
  block: { scope: 'decoder', depth: 1 },
  config: {
    ...base,
    num_hidden_layers: 12,
    image_size: 224,
    patch_size: 14,
    num_patches: 256,
    num_visible: 64,
    decoder_hidden_size: 512,
    decoder_num_hidden_layers: 8,
    decoder_num_attention_heads: 16,
    decoder_intermediate_size: 2048,
    fusion_layers: 6,
    text_config: { vocab_size: 30522, num_hidden_layers: 6, max_position_embeddings: 512 },
  },
  size: 'ViT base at 224×224 pixels, 6 layers of text, 6 of fusion, 8 of the painter',
  runs: [
    { entry: 'reconstruct', given: '64 of 256 patches, 32 words', dims: { batch: 1, text: 32 }, role: 'pass' },
    { entry: 'match', given: '256 patches, 32 words', dims: { batch: 1, text: 32 }, role: 'pass' },
  ],
} satisfies Sheet;
