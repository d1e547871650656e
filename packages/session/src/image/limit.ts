import { ImageError } from './error.ts';
import { type ImageHeader, readImageHeader } from './header.ts';

/** Pillow's bound: what is larger it takes for a decompression bomb. */
const DEFAULT_PIXEL_LIMIT = 178_956_970;

export interface DecodeOptions {
  /** Pictures with more pixels are refused before they are decoded. Default: 178,956,970, Pillow's bound. */
  readonly pixelLimit?: number;
}

/** The header of an image file that is safe to decode. Throws ImageError for what is no image, or too large a one. */
export function admitImage(bytes: Uint8Array, { pixelLimit = DEFAULT_PIXEL_LIMIT }: DecodeOptions): ImageHeader {
  const header = readImageHeader(bytes);
  const { width, height } = header;
  if (width === 0 || height === 0) throw new ImageError(`the image file says ${width}×${height} pixels: it is damaged`);
  if (width * height > pixelLimit) {
    throw new ImageError(
      `the image file says ${width}×${height} pixels, above the limit of ${pixelLimit} in all: ` +
        'give a smaller image, or set pixelLimit if this one is meant',
    );
  }
  return header;
}
