import { ImageError } from './error.ts';
import { cutPatches, type ImagePatches, type PatchGrid } from './patches.ts';
import { resampleBicubic } from './resample.ts';
import type { ImageSize, RgbImage } from './rgbImage.ts';
import type { ImageSettings } from './settings.ts';
import { smartResize } from './smartResize.ts';

/** The grid of patches that a picture of a size becomes, without reading a pixel. Throws as smartResize does. */
export function patchGrid(size: ImageSize, settings: ImageSettings): PatchGrid {
  const { width, height } = resizedSize(size, settings);
  return { rows: height / settings.patchSize, columns: width / settings.patchSize };
}

/** How many image tokens a grid of patches becomes. */
export function imageTokens({ rows, columns }: PatchGrid, { mergeSize }: Pick<ImageSettings, 'mergeSize'>): number {
  return (rows * columns) / (mergeSize * mergeSize);
}

/**
 * Throws ImageError when a picture of a size becomes more tokens than the model was built for: better before it is
 * decoded than in the middle of a run.
 */
export function checkCapacity(size: ImageSize, settings: ImageSettings, maxTokens: number): void {
  const grid = patchGrid(size, settings);
  const tokens = imageTokens(grid, settings);
  if (tokens <= maxTokens) return;
  const side = settings.patchSize * settings.mergeSize;
  throw new ImageError(
    `an image of ${size.width}×${size.height} pixels becomes ${grid.rows}×${grid.columns} patches, ${tokens} image ` +
      `tokens; the model was built for at most ${maxTokens}: set max_pixels to ${maxTokens * side * side} or less, ` +
      `give a smaller image, or build with a larger capacity`,
  );
}

/** Resizes, rescales, normalises and cuts a picture, as transformers 5.17's Qwen2VLImageProcessor does by default. */
export function preprocessImage(image: RgbImage, settings: ImageSettings): ImagePatches {
  return cutPatches(resampleBicubic(image, resizedSize(image, settings)), settings);
}

function resizedSize(size: ImageSize, settings: ImageSettings): ImageSize {
  if (settings.resize) return smartResize(size, settings);
  const side = settings.patchSize * settings.mergeSize;
  if (size.width % side !== 0 || size.height % side !== 0) {
    throw new ImageError(
      `an image of ${size.width}×${size.height} pixels is not made of whole tokens of ${side}×${side}, ` +
        'and do_resize is off: resize it first',
    );
  }
  return size;
}
