import type { HostTensor, ImagePatches, ImageTokens, PatchGrid } from '@casement/session';
import type { SafetensorsFile } from '@casement/weights';
import { UserError } from '../error.ts';
import { readIntegers, readTensor, sliceRows } from './readTensor.ts';

export interface Picture {
  /** What the encoder made of it. */
  readonly tokens: ImageTokens;
  /** What the encoder is given, if the file has it. */
  readonly patches?: ImagePatches;
}

/** The images of a golden in order: `image_embeds`, cut by `image_lengths` or `image_grid_thw`, and `pixel_values`. */
export async function readImages(file: SafetensorsFile): Promise<Picture[]> {
  const names = file.names();
  if (!names.includes('image_embeds')) return [];
  const embeds = await readTensor(file, 'image_embeds');
  if (!names.includes('image_grid_thw')) {
    const parts = cut(file, 'image_lengths', await readIntegers(file, 'image_lengths'), 'image_embeds', embeds);
    return parts.map((part) => ({ tokens: { embeds: part } }));
  }
  const grids = gridsOf(file, await readIntegers(file, 'image_grid_thw'));
  const patches = grids.map(({ rows, columns }) => rows * columns);
  const perToken = patches.reduce((sum, count) => sum + count, 0) / (embeds.shape[0] ?? 1);
  const side = Math.sqrt(perToken);
  const lengths = patches.map((count) => count / perToken);
  const tokens = cut(file, 'image_grid_thw', lengths, 'image_embeds', embeds).map((part, i): ImageTokens => {
    const { rows = 0, columns = 0 } = grids[i] ?? {};
    return { embeds: part, grid: { rows: rows / side, columns: columns / side } };
  });
  if (!names.includes('pixel_values')) return tokens.map((image) => ({ tokens: image }));
  const pixels = await readTensor(file, 'pixel_values');
  const pictures = cut(file, 'image_grid_thw', patches, 'pixel_values', pixels);
  return tokens.map((image, i) => {
    const pixelValues = Float32Array.from(pictures[i]?.data ?? []);
    return { tokens: image, patches: { pixelValues, grid: grids[i] ?? { rows: 0, columns: 0 } } };
  });
}

function gridsOf(file: SafetensorsFile, thw: readonly number[]): PatchGrid[] {
  return Array.from({ length: thw.length / 3 }, (_, i) => {
    const [frames, rows = 0, columns = 0] = thw.slice(3 * i, 3 * i + 3);
    if (frames !== 1) throw new UserError(`${file.origin}: image ${i} has ${frames} frames; videos are not supported`);
    return { rows, columns };
  });
}

/** Rows of a tensor, image by image. */
function cut(
  file: SafetensorsFile,
  by: string,
  lengths: readonly number[],
  name: string,
  tensor: HostTensor,
): HostTensor[] {
  const total = lengths.reduce((sum, length) => sum + length, 0);
  if (tensor.shape.length !== 2 || total !== tensor.shape[0] || !lengths.every(Number.isInteger)) {
    throw new UserError(
      `${file.origin}: ${name} is [${tensor.shape.join(', ')}], which does not fit ${by}: [${lengths.join(', ')}] rows`,
    );
  }
  let from = 0;
  return lengths.map((length) => {
    const part = sliceRows(tensor, from, from + length);
    from += length;
    return part;
  });
}
