import type { DecoderConfig, VisionConfig } from '@casement/models';

/** Comments above the fields of a written decoder; most names speak for themselves. */
export const decoderNotes = {
  norm: ['scaleInF32: multiply by the weight before casting back to half precision, as Helium-preview does.'],
  rope: [
    "layout: a pair is i and i + headDim/2 ('half'), or 2i and 2i + 1 ('interleaved');",
    'sections, with M-RoPE: how many pairs turn with the time, the row and the column of a token.',
  ],
  tied: ['Whether lm_head is the embedding table.'],
  fusion: [
    "How image tokens reach the text. attention: 'casa', 'ca' or 'insertion'. For the first two, order: 'parallel',",
    "'before' or 'replace'; layers: [0, 2] for these blocks alone; shared: true to use the blocks' own projections;",
    'updateImages: true to send image tokens through the MLPs.',
  ],
  capacity: ['In tokens, yours to choose: what the caches hold, one image, and the longest input of one run.'],
} as const satisfies Notes<DecoderConfig>;

export const visionNotes = {
  merge: ['A square of merge × merge patches becomes one image token.'],
  window: ['Side of an attention window, in patches.'],
  fullAttention: ['Blocks that attend over the whole image.'],
  theta: ['Of the rotary embedding of rows and columns.'],
  patch: ['side: in pixels; a still image is repeated for every frame.'],
} as const satisfies Notes<VisionConfig>;

type Notes<T> = { readonly [K in keyof T]?: readonly string[] };
