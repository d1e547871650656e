import type { HostTensor } from '@casement/session';
import { openSafetensors, type SafetensorsFile } from '@casement/weights';
import { UserError } from './error.ts';
import { type Placement, placeImages } from './goldenFile/placeImages.ts';
import { type Picture, readImages } from './goldenFile/readImages.ts';
import { readIntegers, readTensor } from './goldenFile/readTensor.ts';

/** Inputs and outputs that PyTorch computed for a model; written by the oracle scripts. */
export interface Golden {
  readonly file: string;
  /** The text, without placeholders for image tokens. */
  readonly ids: readonly number[];
  /** In order. */
  readonly images: readonly GoldenImage[];
  /** Logits of every text position, [text vocab]. */
  readonly logits: HostTensor;
  /** The likeliest continuation of `ids`. */
  readonly greedy: readonly number[];
}

export interface GoldenImage extends Picture {
  /** How many text ids stand before it. */
  readonly start: number;
}

/** What `casement run` needs: a golden without its answers. */
export type Conversation = Omit<Golden, 'logits' | 'greedy'>;

export interface GoldenOptions {
  /** Id that stands in `input_ids` for an image token, where images are inserted into the text. */
  readonly imageToken?: number | undefined;
}

/**
 * Reads `input_ids`; for images `image_embeds`, `image_lengths` or `image_grid_thw`, and `pixel_values` if there are any;
 * and `insertion_points`, unless placeholders say where images stand. Throws WeightError or UserError.
 */
export async function readConversation(path: string, options: GoldenOptions = {}): Promise<Conversation> {
  return withFile(path, async (file) => (await readPrompt(file, options)).conversation);
}

/** Reads a conversation, `logits` and `greedy`. Throws WeightError or UserError. */
export async function readGolden(path: string, options: GoldenOptions = {}): Promise<Golden> {
  return withFile(path, async (file) => {
    const { conversation, rows } = await readPrompt(file, options);
    const logits = await readTensor(file, 'logits');
    const [count] = file.info('input_ids').shape;
    if (logits.shape.length !== 2 || logits.shape[0] !== count) {
      throw new UserError(`${path}: logits are [${logits.shape.join(', ')}], but there are ${count} input ids`);
    }
    return { ...conversation, logits: pickRows(logits, rows), greedy: await readIntegers(file, 'greedy') };
  });
}

async function withFile<T>(path: string, read: (file: SafetensorsFile) => Promise<T>): Promise<T> {
  const file = await openSafetensors(path);
  try {
    return await read(file);
  } finally {
    await file.close();
  }
}

async function readPrompt(
  file: SafetensorsFile,
  { imageToken }: GoldenOptions,
): Promise<{ readonly conversation: Conversation; readonly rows: Placement['rows'] }> {
  const pictures = await readImages(file);
  const lengths = pictures.map(({ tokens }) => tokens.embeds.shape[0] ?? 0);
  const { ids, rows, starts } = await placeImages(file, lengths, imageToken);
  const images = pictures.map((picture, i) => ({ ...picture, start: starts[i] ?? 0 }));
  return { conversation: { file: file.origin, ids, images }, rows };
}

function pickRows({ dtype, shape, data }: HostTensor, rows: readonly number[]): HostTensor {
  const [, width = 0] = shape;
  const picked = new Float32Array(rows.length * width);
  rows.forEach((row, i) => {
    picked.set(data.subarray(row * width, (row + 1) * width), i * width);
  });
  return { dtype, shape: [rows.length, width], data: picked };
}
