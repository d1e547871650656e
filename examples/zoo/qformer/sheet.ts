import type { Sheet } from '../shared/sheet.ts';

export default {
  block: { scope: 'qformer.encoder.layer.0', depth: 2 },
  config: {
    num_query_tokens: 32,
    text_hidden_size: 2048,
    hidden_size: 768,
    num_hidden_layers: 12,
    num_attention_heads: 12,
    intermediate_size: 3072,
    encoder_hidden_size: 1280,
  },
  size: 'BLIP-2’s: 12 layers of width 768, 32 queries',
  runs: [{ entry: 'forward', given: '256 image features', dims: { batch: 1, feature: 256 }, role: 'image' }],
  inserted: 32,
} satisfies Sheet;
