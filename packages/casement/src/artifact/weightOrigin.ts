import { createHash } from 'node:crypto';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DType } from '@casement/ir';
import type { TensorInfo, UnusualValues } from '@casement/weights';

/**
 * Beside the weights of an artifact: what they were made from. Not in the manifest, since it says something about the
 * machine of the build; nothing but the next build reads it.
 */
const ORIGIN_FILE = 'weights-origin.json';

/** Changes when the same checkpoint would be written in another way. */
const VERSION = 'casement-weights/2';

/** A tensor of the artifact and the one of the checkpoint that it is made from. */
export interface TensorRecipe {
  readonly name: string;
  readonly dtype: DType;
  readonly from: TensorInfo;
}

export interface WeightOrigin {
  readonly recipe: string;
  readonly unusual: readonly UnusualValues[];
}

/**
 * A hash that two builds share only if they write the same weights: it covers what each tensor becomes, and the state
 * of the checkpoint's files, which the system changes at every write. Reads no weights. Undefined for tensors in memory.
 */
export async function hashRecipe(tensors: readonly TensorRecipe[]): Promise<string | undefined> {
  const hash = createHash('sha256').update(VERSION);
  const files = new Set(tensors.map(({ from }) => from.file));
  for (const file of files) {
    if (file === undefined) return undefined;
    const { size, ino, mtimeNs, ctimeNs } = await stat(file, { bigint: true });
    hash.update(`\nfile ${size} ${ino} ${mtimeNs} ${ctimeNs}`);
  }
  const index = new Map([...files].map((file, i) => [file, i]));
  for (const { name, dtype, from } of tensors) {
    const place = [index.get(from.file), from.byteOffset, from.byteLength, from.dtype, `[${from.shape}]`];
    hash.update(`\n${JSON.stringify(name)} ${dtype} = ${place.join(' ')}`);
  }
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
