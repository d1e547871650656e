import { createHash } from 'node:crypto';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DType, Quantization } from '@casement/ir';
import type { QuantizationError, TensorInfo, UnusualValues } from '@casement/weights';

/**
 * Beside the weights of an artifact: what they were made from. Not in the manifest, since it says something about the
 * machine of the build; nothing but the next build reads it.
 */
const ORIGIN_FILE = 'weights-origin.json';

/** Changes when the same checkpoint would be written in another way. */
const VERSION = 'casement-weights/3';

/** A tensor of the artifact and the one of the checkpoint that it is made from. */
export interface TensorRecipe {
  readonly name: string;
  /** Of a quantised weight: that of its scales. */
  readonly dtype: DType;
  readonly from: TensorInfo;
  /** Absent: not quantised. */
  readonly how?: Quantization;
}

export interface WeightOrigin {
  readonly recipe: string;
  readonly unusual: readonly UnusualValues[];
  /** What quantising did to each weight that was quantised. */
  readonly errors: readonly QuantizationError[];
}

/**
 * A hash that two builds share only if they write the same weights: it covers what each tensor becomes, the order in
 * which they are `written`, and the state of the checkpoint's files, which the system changes at every write. Reads no weights. Undefined for tensors in memory.
 */
export async function hashRecipe(
  tensors: readonly TensorRecipe[],
  written: readonly { readonly name: string }[],
): Promise<string | undefined> {
  const hash = createHash('sha256').update(VERSION);
  const files = new Set(tensors.map(({ from }) => from.file));
  for (const file of files) {
    if (file === undefined) return undefined;
    const { size, ino, mtimeNs, ctimeNs } = await stat(file, { bigint: true });
    hash.update(`\nfile ${size} ${ino} ${mtimeNs} ${ctimeNs}`);
  }
  const index = new Map([...files].map((file, i) => [file, i]));
  for (const { name, dtype, from, how } of tensors) {
    const place = [index.get(from.file), from.byteOffset, from.byteLength, from.dtype, `[${from.shape}]`];
    const form = how ? `${dtype} ${how.bits} bits ${how.block} ${how.zeroPoints}` : dtype;
    hash.update(`\n${JSON.stringify(name)} ${form} = ${place.join(' ')}`);
  }
  for (const { name } of written) hash.update(`\n${JSON.stringify(name)}`);
  return hash.digest('hex');
}

/** Written last, so that it is newer than the weights. */
export async function writeOrigin(dir: string, origin: WeightOrigin): Promise<void> {
  await writeFile(join(dir, ORIGIN_FILE), `${JSON.stringify(origin, null, 2)}\n`);
}

/** What is written about the weights in `dir`, and when; undefined if nothing is. */
export async function readOrigin(dir: string): Promise<(WeightOrigin & { writtenNs: bigint }) | undefined> {
  const path = join(dir, ORIGIN_FILE);
  try {
    const [text, { mtimeNs }] = await Promise.all([readFile(path, 'utf8'), stat(path, { bigint: true })]);
    const origin: WeightOrigin = JSON.parse(text); // this very file writes it
    return { ...origin, writtenNs: mtimeNs };
  } catch {
    return undefined; // an older artifact, none, or one that somebody touched: the weights are written anew
  }
}
