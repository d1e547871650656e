import type { RgbImage } from './rgbImage.ts';
import type { ImageSettings } from './settings.ts';

/** Rows and columns of patches. */
export interface PatchGrid {
  readonly rows: number;
  readonly columns: number;
}

/** What a vision encoder takes. */
export interface ImagePatches {
  /** float32 [rows · columns, 3 · temporalPatchSize · patchSize²]: a patch per row, red before green before blue. */
  readonly pixelValues: Float32Array<ArrayBuffer>;
  readonly grid: PatchGrid;
}

/**
 * Rescales, normalises and cuts a picture whose sides are multiples of patchSize × mergeSize. Patches that merge into
 * one image token follow each other: token by token, row by row within each. Source: transformers' Qwen2VLImageProcessor,
 * whose float32 arithmetic is followed to the bit.
 */
export function cutPatches({ width, height, data }: RgbImage, settings: ImageSettings): ImagePatches {
  const { patchSize, mergeSize, temporalPatchSize } = settings;
  const grid = { rows: height / patchSize, columns: width / patchSize };
  const values = valueTables(settings);
  const plane = patchSize * patchSize;
  const pixelValues = new Float32Array(grid.rows * grid.columns * 3 * temporalPatchSize * plane);
  let to = 0;
  for (let patch = 0; patch < grid.rows * grid.columns; patch++) {
    const { row, column } = placeOf(patch, grid.columns, mergeSize);
    for (const [channel, table] of values.entries()) {
      const first = to;
      for (let y = 0; y < patchSize; y++) {
        let from = 3 * ((row * patchSize + y) * width + column * patchSize) + channel;
        for (let x = 0; x < patchSize; x++, from += 3) pixelValues[to++] = table[data[from] ?? 0] ?? 0;
      }
      for (let copy = 1; copy < temporalPatchSize; copy++, to += plane) {
        pixelValues.copyWithin(to, first, first + plane);
      }
    }
  }
  return { pixelValues, grid };
}

/** Where the n-th patch stands in the picture. */
function placeOf(patch: number, columns: number, mergeSize: number): { row: number; column: number } {
  const perToken = mergeSize * mergeSize;
  const token = Math.floor(patch / perToken);
  const within = patch % perToken;
  const tokensAcross = columns / mergeSize;
  return {
    row: Math.floor(token / tokensAcross) * mergeSize + Math.floor(within / mergeSize),
    column: (token % tokensAcross) * mergeSize + (within % mergeSize),
  };
}

/** For red, green and blue: the value of each of the 256 bytes. transformers folds the rescaling into mean and std. */
function valueTables({ rescaleFactor, normalize }: ImageSettings): Float32Array[] {
  const f32 = Math.fround;
  return [0, 1, 2].map((channel) => {
    if (normalize === undefined) return Float32Array.from({ length: 256 }, (_, byte) => byte * f32(rescaleFactor ?? 1));
    const unit = f32(1 / (rescaleFactor ?? 1));
    const mean = f32(f32(normalize.mean[channel] ?? 0) * unit);
    const std = f32(f32(normalize.std[channel] ?? 1) * unit);
    return Float32Array.from({ length: 256 }, (_, byte) => f32(byte - mean) / std);
  });
}
