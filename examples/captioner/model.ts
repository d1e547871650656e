import { visionLanguageModel } from 'casement';

/**
 * The captioner: a small Llama with a CASA layer in every block, and Qwen2.5-VL's image encoder, smaller still. Made by
 * `casement import` from weights/config.json. Its PyTorch twin is train/model.py.
 *
 *     casement build examples/captioner/model.ts --checkpoint examples/captioner/weights --out out/captioner
 */
export default visionLanguageModel({
  text: {
    name: 'captioner',
    vocab: 32,
    hidden: 128,
    ffn: 256,
    layers: 4,
    heads: 4,
    kvHeads: 4,
    headDim: 32,
    // scaleInF32: multiply by the weight before casting back to half precision, as Helium-preview does.
    norm: { eps: 1e-6, scaleInF32: false },
    // layout: a pair is i and i + headDim/2 ('half'), or 2i and 2i + 1 ('interleaved');
    // sections, with M-RoPE: how many pairs turn with the time, the row and the column of a token.
    rope: { theta: 10000, layout: 'half' },
    bias: { qkv: false, o: false, mlp: false },
    // Whether lm_head is the embedding table.
    tied: true,
    // How image tokens reach the text. attention: 'casa', 'ca' or 'insertion'. For the first two, order: 'parallel',
    // 'before' or 'replace'; layers: [0, 2] for these blocks alone; shared: true to use the blocks' own projections;
    // updateImages: true to send image tokens through the MLPs.
    fusion: { attention: 'casa', order: 'parallel' },
    // In tokens, yours to choose: what the caches hold, one image, and the longest input of one run.
    capacity: { text: 8192, window: 256, image: 64, chunk: 128 },
  },

  // The image encoder.
  vision: {
    hidden: 64,
    ffn: 128,
    layers: 2,
    heads: 4,
    // side: in pixels; a still image is repeated for every frame.
    patch: { channels: 3, frames: 2, side: 14 },
    // A square of merge × merge patches becomes one image token.
    merge: 2,
    // Side of an attention window, in patches.
    window: 8,
    // Blocks that attend over the whole image.
    fullAttention: [0, 1],
    norm: { eps: 1e-6, scaleInF32: false },
    // Of the rotary embedding of rows and columns.
    theta: 10000,
  },
});
