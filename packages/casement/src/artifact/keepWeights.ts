import { copyFile, link, readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { isCheckpointFile, openCheckpoint, WeightError } from '@casement/weights';
import { UserError } from '../error.ts';
import { readManifest } from './manifest.ts';
import type { PreparedWeights } from './preparedWeights.ts';
import { readOrigin } from './weightOrigin.ts';

/**
 * The weights of the artifact in `from`, if they were made by this recipe and nobody touched them since. To put them
 * elsewhere is to link them: `from` stays whole until the new artifact takes its place, and once it is removed no file
 * has two names (ONNX's checker refuses those). Where the file system has no hard links they are copied.
 */
export async function keepWeights(from: string, recipe: string): Promise<PreparedWeights | undefined> {
  const origin = await readOrigin(from);
  if (origin?.recipe !== recipe) return undefined;
  const manifest = await readManifest(from).catch(ignoring(UserError));
  if (manifest === undefined) return undefined;
  for (const { file, bytes } of manifest.weights.shards) {
    const found = await stat(join(from, file), { bigint: true }).catch(() => undefined);
    if (found?.size !== BigInt(bytes) || found.mtimeNs > origin.writtenNs) return undefined;
  }
  const locations = await locate(from);
  if (locations === undefined) return undefined;
  const put = async (dir: string) => {
    const files = (await readdir(from)).filter(isCheckpointFile);
    for (const file of files) await linkOrCopy(join(from, file), join(dir, file));
    return { spec: manifest.weights, unusual: origin.unusual, errors: origin.errors };
  };
  return { locations, keptFrom: manifest, put };
}

/** Where each tensor lies; undefined when a header is damaged. */
async function locate(from: string): Promise<PreparedWeights['locations'] | undefined> {
  const weights = await openCheckpoint(from).catch(ignoring(WeightError));
  if (weights === undefined) return undefined;
  const infos = weights.names().map((name) => weights.info(name));
  await weights.close();
  return new Map(infos.map((info) => [info.name, { ...info, file: basename(info.file ?? '') }]));
}

/** For `catch`: a damaged artifact is no error here, since it is about to be replaced. */
function ignoring(kind: typeof UserError | typeof WeightError): (error: unknown) => undefined {
  return (error) => {
    if (!(error instanceof kind)) throw error;
  };
}

async function linkOrCopy(from: string, to: string): Promise<void> {
  await link(from, to).catch(() => copyFile(from, to)); // whatever kept it from being linked, copying says if it is real
}
