import { base, type Sheet } from '../shared/sheet.ts';

const pixels = { image_size: 224, patch_size: 14 };
const dims = { batch: 1, text: 32, height: 224, width: 224 };
const given = '224×224 pixels, 32 words';

export default {
  block: { scope: 'vilt.encoder.layer.0', entry: 'vilt', depth: 1 },
  config: {
    ...base,
    ...pixels,
    vocab_size: 30522,
    max_position_embeddings: 40,
    num_hidden_layers: 12,
    albef: { ...base, vision_layers: 12, text_layers: 6, fusion_layers: 6 },
  },
  size: 'ViLT base and ALBEF base',
  runs: [
    { entry: 'vilt', given, dims, role: 'pass' },
    { entry: 'albef', given, dims, role: 'pass' },
  ],
} satisfies Sheet;
