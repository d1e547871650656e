import type sharp from 'sharp';
import { ImageError } from '../error.ts';
import { admitImage, type DecodeOptions } from '../limit.ts';
import type { RgbImage } from '../rgbImage.ts';

/**
 * Decodes a PNG, JPEG or WebP file with the npm package `sharp`, in Node. As Pillow does for transformers: upright by
 * EXIF, colour profiles ignored, transparency dropped. 16 bits are cut to 8 (Pillow does so for colour; 16-bit greys it
 * clips to white), and CMYK is converted by profile. Throws ImageError when the file is none of these, damaged, or above
 * `options.pixelLimit`, and an Error when `sharp` is not installed.
 */
export async function decodeImage(file: Uint8Array, options: DecodeOptions = {}): Promise<RgbImage> {
  const { format, width, height } = admitImage(file, options);
  const open = await loadSharp();
  // The limit was checked; sharp's own would refuse what the caller allowed.
  const picture = open(file, { failOn: 'truncated', ignoreIcc: true, limitInputPixels: false });
  const { data, info } = await picture
    .autoOrient()
    .toColourspace('srgb')
    .removeAlpha()
    .raw({ depth: 'uchar' })
    .toBuffer({ resolveWithObject: true })
    .catch((cause: unknown) => {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new ImageError(
        `the ${format.toUpperCase()} file of ${width}×${height} pixels cannot be decoded, it is damaged: ${reason}`,
        { cause },
      );
    });
  return { width: info.width, height: info.height, data };
}

async function loadSharp(): Promise<typeof sharp> {
  const module = await import('sharp').catch((cause: unknown) => {
    throw new Error('reading images in Node needs the npm package "sharp": npm install sharp', { cause });
  });
  return module.default;
}
