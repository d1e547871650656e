import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Manifest } from '@casement/runtime';
import { UserError } from '../error.ts';

export const MANIFEST_FILE = 'casement.json';

/** Reads the manifest of an artifact folder. Throws UserError when the folder holds none that this version reads. */
export async function readManifest(dir: string): Promise<Manifest> {
  const path = join(dir, MANIFEST_FILE);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    throw new UserError(
      `${dir} is no artifact folder: cannot read ${path} (${reason(error)}); make one with casement build`,
    );
  }
  try {
    const manifest: unknown = JSON.parse(text);
    if (isManifest(manifest)) return manifest;
  } catch (error) {
    throw new UserError(`${path} is damaged (${reason(error)}); build the artifact again`);
  }
  throw new UserError(`${path} is no manifest of format casement/1; build the artifact again with this version`);
}

/** The format string stands for the rest: only `build` writes manifests, and all of it at once. */
function isManifest(value: unknown): value is Manifest {
  return typeof value === 'object' && value !== null && 'format' in value && value.format === 'casement/1';
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
