import { RuntimeError } from './error.ts';
import type { Manifest } from './format/manifest.ts';
import { readJson, requireFileName, type Source } from './source/source.ts';

const FILE = 'casement.json';
const FORMAT = 'casement/1';

/** Reads an artifact's manifest. Throws RuntimeError when it is none, or names files outside its folder. */
export async function readManifest(source: Source, signal?: AbortSignal): Promise<Manifest> {
  const manifest = await readJson(source, FILE, signal);
  if (!isManifest(manifest)) {
    const found = manifest && typeof manifest === 'object' && 'format' in manifest ? manifest.format : undefined;
    throw new RuntimeError(
      'source',
      `${FILE} has the format ${JSON.stringify(found) ?? 'none'}, this runtime reads "${FORMAT}"; build the artifact again`,
    );
  }
  for (const { file } of manifest.weights.shards) requireFileName(file, FILE);
  return manifest;
}

/** The format string stands for the rest: only `build` writes manifests, and all of it at once. */
function isManifest(value: unknown): value is Manifest {
  return typeof value === 'object' && value !== null && 'format' in value && value.format === FORMAT;
}
