import type { Sheet } from '../shared/sheet.ts';

export default {
  block: { scope: 'group', depth: 1 },
  config: {
    hidden_size: 1024,
    intermediate_size: 4096,
    num_hidden_layers: 24,
    num_attention_heads: 16,
    image_size: 224,
    patch_size: 14,
    num_semantic_tokens: 64,
    assign_token_mlp: 256,
    assign_channel_mlp: 4096,
    lm_hidden_size: 2048,
  },
  size: 'CLIP ViT-L/14 at 224×224 pixels with the grouping in it, 64 groups',
  runs: [{ entry: 'forward', given: 'an image of 256 patches', dims: { batch: 1 }, role: 'image' }],
  inserted: 64,
} satisfies Sheet;
