import type { SafetensorsFile } from '@casement/weights';
import { UserError } from '../error.ts';
import { readIntegers } from './readTensor.ts';

/** Text, and where images of given lengths stand in it. */
export interface Placement {
  /** Text ids, without placeholders. */
  readonly ids: readonly number[];
  /** Where each text id stands in `input_ids`. */
  readonly rows: readonly number[];
  /** For each image: how many text ids stand before it. */
  readonly starts: readonly number[];
}

/**
 * Reads `insertion_points`; a file without has a run of placeholders in `input_ids` for every image, one for each of its
 * tokens. Throws UserError when they do not fit the images.
 */
export async function placeImages(
  file: SafetensorsFile,
  lengths: readonly number[],
  imageToken: number | undefined,
): Promise<Placement> {
  const ids = await readIntegers(file, 'input_ids');
  const isText = file.names().includes('insertion_points') || lengths.length === 0;
  if (!isText) return byPlaceholders(file, ids, lengths, imageToken);
  const starts = lengths.length === 0 ? [] : await readIntegers(file, 'insertion_points');
  if (starts.length !== lengths.length) {
    throw new UserError(`${file.origin}: ${starts.length} insertion_points for ${lengths.length} images`);
  }
  starts.forEach((start, i) => {
    const before = starts[i - 1] ?? 0;
    if (start >= before && start <= ids.length) return;
    throw new UserError(
      `${file.origin}: insertion point ${start} of image ${i} must lie between ${before} and ${ids.length}`,
    );
  });
  return { ids, rows: ids.map((_, row) => row), starts };
}

function byPlaceholders(
  file: SafetensorsFile,
  ids: readonly number[],
  lengths: readonly number[],
  imageToken: number | undefined,
): Placement {
  if (imageToken === undefined) {
    throw new UserError(
      `${file.origin} has no insertion_points, so its images stand where placeholders are in input_ids, and which id that ` +
        "is, is not known: the checkpoint's config.json says it as image_token_id",
    );
  }
  const rows = ids.flatMap((id, row) => (id === imageToken ? [] : [row]));
  const starts: number[] = [];
  let row = 0;
  for (const length of lengths) {
    const first = ids.indexOf(imageToken, row);
    const run = ids.slice(first, first + length);
    if (first < 0 || run.length !== length || run.some((id) => id !== imageToken)) break;
    starts.push(rows.filter((text) => text < first).length);
    row = first + length;
  }
  if (starts.length === lengths.length && rows.length + sum(lengths) === ids.length) {
    return { ids: rows.map((text) => ids[text] ?? 0), rows, starts };
  }
  throw new UserError(
    `${file.origin}: the placeholders ${imageToken} in input_ids do not fit images of [${lengths.join(', ')}] tokens`,
  );
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
