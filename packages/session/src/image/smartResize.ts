import { ImageError } from './error.ts';
import type { ImageSize } from './rgbImage.ts';
import type { ImageSettings } from './settings.ts';

const MAX_ASPECT_RATIO = 200;

/**
 * The size a picture gets: both sides multiples of an image token's side (patchSize × mergeSize), the area between
 * minPixels and maxPixels, the aspect ratio about kept. Source: `smart_resize` of transformers' Qwen2-VL, whose
 * roundings (halves to even) are followed. Throws ImageError when one side is more than 200 times the other.
 */
export function smartResize({ width, height }: ImageSize, settings: ImageSettings): ImageSize {
  if (width < 1 || height < 1) throw new ImageError(`an image of ${width}×${height} pixels has no pixels`);
  const ratio = Math.max(height, width) / Math.min(height, width);
  if (ratio > MAX_ASPECT_RATIO) {
    throw new ImageError(
      `an image of ${width}×${height} pixels has an aspect ratio of ${Number(ratio.toFixed(1))}, ` +
        `the model takes at most ${MAX_ASPECT_RATIO}: crop it or cut it in parts`,
    );
  }
  const side = settings.patchSize * settings.mergeSize;
  const rounded = { width: roundHalfEven(width / side) * side, height: roundHalfEven(height / side) * side };
  const area = rounded.width * rounded.height;
  if (area > settings.maxPixels) {
    const shrink = Math.sqrt((height * width) / settings.maxPixels);
    const fit = (length: number) => Math.max(side, Math.floor(length / shrink / side) * side);
    return { width: fit(width), height: fit(height) };
  }
  if (area < settings.minPixels) {
    const grow = Math.sqrt(settings.minPixels / (height * width));
    const fit = (length: number) => Math.ceil((length * grow) / side) * side;
    return { width: fit(width), height: fit(height) };
  }
  return rounded;
}

function roundHalfEven(value: number): number {
  const below = Math.floor(value);
  if (value - below !== 0.5) return Math.round(value);
  return below % 2 === 0 ? below : below + 1;
}
