/** A decoded picture: 8-bit red, green, blue, row by row from the top left, `3 * width * height` bytes. */
export interface RgbImage {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/** Width and height in pixels. */
export type ImageSize = Pick<RgbImage, 'width' | 'height'>;

/** Drops every fourth byte. Colour under transparent pixels stays as it is, as Pillow's `convert('RGB')` leaves it. */
export function dropAlpha(rgba: ArrayLike<number>, { width, height }: ImageSize): RgbImage {
  const data = new Uint8Array(3 * width * height);
  for (let from = 0, to = 0; to < data.length; from += 4, to += 3) {
    data[to] = rgba[from] ?? 0;
    data[to + 1] = rgba[from + 1] ?? 0;
    data[to + 2] = rgba[from + 2] ?? 0;
  }
  return { width, height, data };
}
