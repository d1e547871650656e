import { visionLanguageModel } from 'casement';

/**
 * The model `casa_qwen2_5_vl` of a checkpoint's config.json, yours to edit. Build it with the checkpoint's weights:
 *
 *     casement build model.ts --checkpoint FOLDER --out dist/model
 */
export default visionLanguageModel({
  text: {
    name: 'casa_qwen2_5_vl',
    vocab: 300,
    hidden: 64,
    ffn: 128,
    layers: 3,
    heads: 4,
    kvHeads: 2,
    headDim: 16,
    // scaleInF32: multiply by the weight before casting back to half precision, as Helium-preview does.
    norm: { eps: 1e-6, scaleInF32: false },
    // layout: a pair is i and i + headDim/2 ('half'), or 2i and 2i + 1 ('interleaved');
    // sections, with M-RoPE: how many pairs turn with the time, the row and the column of a token.
    rope: { theta: 1e6, layout: 'half', sections: [2, 3, 3] },
    bias: { qkv: true, o: false, mlp: false },
    // Whether lm_head is the embedding table.
    tied: true,
    // How image tokens reach the text. attention: 'casa', 'ca' or 'insertion'. For the first two, order: 'parallel',
    // 'before' or 'replace'; layers: [0, 2] for these blocks alone; shared: true to use the blocks' own projections;
    // updateImages: true to send image tokens through the MLPs.
    fusion: { attention: 'casa', order: 'parallel' },
    // In tokens, yours to choose: what the caches hold, one image, and the longest input of one run.
    capacity: { text: 4096, window: 2048, image: 1024, chunk: 512 },
  },

  // The image encoder.
  vision: {
    hidden: 64,
    ffn: 120,
    layers: 4,
    heads: 4,
    // side: in pixels; a still image is repeated for every frame.
    patch: { channels: 3, frames: 2, side: 14 },
    // A square of merge × merge patches becomes one image token.
    merge: 2,
    // Side of an attention window, in patches.
    window: 4,
    // Blocks that attend over the whole image.
    fullAttention: [1, 3],
    norm: { eps: 1e-6, scaleInF32: false },
    // Of the rotary embedding of rows and columns.
    theta: 10000,
  },
});
