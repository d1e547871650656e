import { ImageError } from './error.ts';
import { admitImage, type DecodeOptions } from './limit.ts';
import { readBitmap } from './readBitmap.ts';
import { dropAlpha, type RgbImage } from './rgbImage.ts';

/**
 * Decodes a PNG, JPEG or WebP file with the browser's decoders, in a page or a worker. As Pillow does for transformers:
 * upright by EXIF, colour profiles ignored, transparency dropped, 16 bits cut to 8. Throws ImageError when the file is
 * none of these, damaged, or above `options.pixelLimit`.
 */
export async function decodeImage(file: Blob | BufferSource, options: DecodeOptions = {}): Promise<RgbImage> {
  const blob = file instanceof Blob ? file : new Blob([file]);
  const { format, width, height } = admitImage(new Uint8Array(await blob.arrayBuffer()), options);
  const bitmap = await createImageBitmap(blob, {
    imageOrientation: 'from-image',
    premultiplyAlpha: 'none',
    colorSpaceConversion: 'none',
  }).catch((cause: unknown) => {
    const name = format.toUpperCase();
    throw new ImageError(`the ${name} file of ${width}×${height} pixels cannot be decoded: it is damaged`, { cause });
  });
  try {
    return dropAlpha(readBitmap(bitmap), bitmap);
  } finally {
    bitmap.close();
  }
}

/** The picture that a canvas, a video element or a VideoFrame shows now: a frame for live captioning. */
export async function captureImage(source: Exclude<ImageBitmapSource, Blob>): Promise<RgbImage> {
  const bitmap = await createImageBitmap(source);
  try {
    return dropAlpha(readBitmap(bitmap), bitmap);
  } finally {
    bitmap.close();
  }
}
