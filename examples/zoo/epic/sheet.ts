import { base, type Sheet } from '../shared/sheet.ts';

export default {
  block: { depth: 1 },
  config: { ...base, vocab_size: 30522, num_hidden_layers: 12, image_size: 224, patch_size: 14 },
  size: 'ViLT base at 224×224 pixels',
  runs: [],
} satisfies Sheet;
