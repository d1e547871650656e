import { isFloat } from '@casement/ir';
import type { HostTensor } from '@casement/session';
import { decodeFloats, openSafetensors, type SafetensorsFile } from '@casement/weights';
import { UserError } from './error.ts';

/** Inputs and outputs that PyTorch computed for a model; written by the oracle scripts. */
export interface Golden {
  readonly file: string;
  readonly ids: readonly number[];
  /** Images in order: the text index each stands before, and its tokens [tokens hidden]. */
  readonly images: readonly GoldenImage[];
  /** Logits of every position, [text vocab]. */
  readonly logits: HostTensor;
  /** The likeliest continuation of `ids`. */
  readonly greedy: readonly number[];
}

export interface GoldenImage {
  readonly start: number;
  readonly embeds: HostTensor;
}

/** What `casement run` needs: a golden without its answers. */
export type Conversation = Omit<Golden, 'logits' | 'greedy'>;

/** Reads `input_ids`, `insertion_points`, `image_lengths` and `image_embeds`. Throws WeightError or UserError. */
export async function readConversation(path: string): Promise<Conversation> {
  return withFile(path, (file) => conversation(path, file));
}

/** Reads a conversation, `logits` and `greedy`. Throws WeightError or UserError. */
export async function readGolden(path: string): Promise<Golden> {
  return withFile(path, async (file) => {
    const base = await conversation(path, file);
    const logits = await readTensor(file, 'logits');
    if (logits.shape.length !== 2 || logits.shape[0] !== base.ids.length) {
      throw new UserError(
        `${path}: logits are [${logits.shape.join(', ')}], but there are ${base.ids.length} input ids`,
      );
    }
    return { ...base, logits, greedy: await readIntegers(file, 'greedy') };
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

async function conversation(path: string, file: SafetensorsFile): Promise<Conversation> {
  const ids = await readIntegers(file, 'input_ids');
  if (!file.names().includes('image_embeds')) return { file: path, ids, images: [] };
  const starts = await readIntegers(file, 'insertion_points');
  const lengths = await readIntegers(file, 'image_lengths');
  const embeds = await readTensor(file, 'image_embeds');
  const total = lengths.reduce((sum, length) => sum + length, 0);
  const [tokens, hidden = 0] = embeds.shape;
  if (starts.length !== lengths.length || total !== tokens) {
    throw new UserError(
      `${path}: ${starts.length} insertion_points, ${lengths.length} image_lengths of ${total} tokens in all, and ` +
        `image_embeds of ${tokens} tokens do not fit together`,
    );
  }
  checkStarts(path, starts, ids.length);
  let from = 0;
  const images = lengths.map((length, i) => {
    const data = embeds.data.slice(from * hidden, (from + length) * hidden);
    from += length;
    return { start: starts[i] ?? 0, embeds: { dtype: embeds.dtype, shape: [length, hidden], data } };
  });
  return { file: path, ids, images };
}

function checkStarts(path: string, starts: readonly number[], text: number): void {
  starts.forEach((start, i) => {
    const before = starts[i - 1] ?? 0;
    if (start < before || start > text) {
      throw new UserError(`${path}: insertion point ${start} of image ${i} must lie between ${before} and ${text}`);
    }
  });
}

async function readTensor(file: SafetensorsFile, name: string): Promise<HostTensor> {
  const { dtype, shape } = file.info(name);
  if (!isFloat(dtype)) throw new UserError(`${file.origin}: ${name} must hold floats, not ${dtype}`);
  return { dtype: 'f32', shape, data: decodeFloats(await file.read(name), dtype) };
}

async function readIntegers(file: SafetensorsFile, name: string): Promise<number[]> {
  const { dtype } = file.info(name);
  const { buffer } = await file.read(name);
  if (dtype === 'i32') return Array.from(new Int32Array(buffer));
  if (dtype === 'i64') return Array.from(new BigInt64Array(buffer), Number);
  throw new UserError(`${file.origin}: ${name} must be I32 or I64, not ${dtype}`);
}
