import { copyFile, link, readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { isCheckpointFile, openCheckpoint, WeightError } from '@casement/weights';
import { readManifest } from './manifest.ts';
import type { PlacedWeights } from './placedWeights.ts';
import { readOrigin } from './weightOrigin.ts';

/**
 * Brings the weights of the artifact in `from` into `dir`, if they were made by this recipe and nobody touched them
 * since. They become hard links: `from` stays whole until the new artifact takes its place, and once it is removed no
 * file has two names (ONNX's checker refuses those). Where the file system has no hard links they are copied.
 */
export async function keepWeights(from: string, dir: string, recipe: string): Promise<PlacedWeights | undefined> {
  const origin = await readOrigin(from);
  if (origin?.recipe !== recipe) return undefined;
  const manifest = await readManifest(from);
  for (const { file, bytes } of manifest.weights.shards) {
    const found = await stat(join(from, file), { bigint: true }).catch(() => undefined);
    if (found?.size !== BigInt(bytes) || found.mtimeNs > origin.writtenNs) return undefined;
  }
  const locations = await locate(from);
  if (locations === undefined) return undefined;
  for (const file of (await readdir(from)).filter(isCheckpointFile))
    await linkOrCopy(join(from, file), join(dir, file));
  return { spec: manifest.weights, locations, unusual: origin.unusual, keptFrom: manifest };
}

/** Where each tensor lies; undefined when a header is damaged. */
async function locate(from: string): Promise<PlacedWeights['locations'] | undefined> {
  try {
    const weights = await openCheckpoint(from);
    const infos = weights.names().map((name) => weights.info(name));
    await weights.close();
    return new Map(infos.map((info) => [info.name, { ...info, file: basename(info.file ?? '') }]));
  } catch (error) {
    if (error instanceof WeightError) return undefined;
    throw error;
  }
}

async function linkOrCopy(from: string, to: string): Promise<void> {
  await link(from, to).catch(() => copyFile(from, to)); // whatever kept it from being linked, copying says if it is real
}
