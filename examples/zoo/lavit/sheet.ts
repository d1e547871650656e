import type { Sheet } from '../shared/sheet.ts';

export default {
  block: { scope: 'causal_encoder.blocks.0', depth: 1 },
  config: {
    hidden_size: 1408,
    num_attention_heads: 16,
    num_hidden_layers: 12,
    intermediate_size: 6144,
    num_patches: 256,
    num_codes: 16384,
    code_dim: 32,
    lm_hidden_size: 2048,
  },
  size: 'the features of ViT-g/14 at 224×224 pixels, 12 merger blocks, 16384 codes',
  runs: [{ entry: 'tokenise', given: 'an image of 256 patches, 94 kept', dims: { batch: 1, kept: 94 }, role: 'image' }],
  inserted: 94,
} satisfies Sheet;
