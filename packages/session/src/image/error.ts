/** An image, or its settings, that cannot be used. */
export class ImageError extends Error {
  override readonly name = 'ImageError';
}
