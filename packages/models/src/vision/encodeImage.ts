import { block, type DimDeclarations, type Entry, entry, linear, reshape, upTo } from '@casement/dsl';
import { patchMerger } from './patchMerger.ts';
import type { VisionConfig } from './visionConfig.ts';
import { visionLayer } from './visionLayer.ts';
import { windowIds } from './windowIds.ts';

/**
 * The image encoder as an entry:
 *
 *     encodeImage(pixel_values [patches patchDim], patch_position_ids i32[2 1 patches]) → image_embeds [patches/cell hidden]
 *
 * A row of `pixel_values` is a patch, its values in the order (channel, frame, row, column). The patches of a cell, which
 * becomes one token, stand together: cells row by row, and the patches within one row by row. `patch_position_ids` are
 * each patch's row and column in the image.
 */
export function encodeImage(c: VisionConfig): Entry {
  const layers = Array.from({ length: c.layers }, (_, index) => visionLayer(c, index));
  const merger = patchMerger(c.norm);

  // A convolution whose kernel is its stride: one linear layer per patch.
  const embed = block(
    'patch_embed',
    {
      inputs: { pixels: 'float[batch patches patchDim]' },
      params: { 'proj.weight': 'float[visionHidden channels frames patchSide patchSide]' },
    },
    ({ pixels }, p) => linear(pixels, reshape(p['proj.weight'], ['visionHidden', 'patchDim'])),
  );

  const visual = block(
    'visual',
    { inputs: { pixels: 'float[batch patches patchDim]', positions: 'i32[2 batch patches]' } },
    ({ pixels, positions }) => {
      const windows = windowIds(positions, c.window);
      return merger({ x: layers.reduce((x, layer) => layer({ x, positions, windows }), embed({ pixels })) });
    },
  );

  return entry(
    { inputs: { pixel_values: 'float[patches patchDim]', patch_position_ids: 'i32[2 batch patches]' } },
    ({ pixel_values, patch_position_ids }) => {
      const pixels = reshape(pixel_values, ['batch', 'patches', 'patchDim']);
      return { image_embeds: visual({ pixels, positions: patch_position_ids }) };
    },
  );
}

/** The encoder's dims, for images of at most `tokens` tokens. */
export function visionDims(c: VisionConfig, tokens: number): DimDeclarations {
  const { channels, frames, side } = c.patch;
  const cell = c.merge * c.merge;
  return {
    visionHidden: c.hidden,
    visionFfn: c.ffn,
    visionHeads: c.heads,
    visionHeadDim: c.hidden / c.heads,
    channels,
    frames,
    patchSide: side,
    patchDim: channels * frames * side * side,
    cell,
    patches: upTo(tokens * cell, { min: cell, multipleOf: cell }),
  };
}
