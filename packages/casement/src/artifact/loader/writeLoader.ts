import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Manifest } from '@casement/runtime';

/** Writes the typed loader into an artifact folder; `bundle` names the files of its WebGPU bundle, weights aside. */
export async function writeLoader(dir: string, manifest: Manifest, bundle: readonly string[]): Promise<void> {
  // Loaded when needed: ts-morph brings a whole TypeScript along.
  const { typedLoader } = await import('./typedLoader.ts');
  const { tokenizer = [], preprocessor, generation } = manifest.processor ?? {};
  const shards = manifest.weights.shards.map(({ file }) => file);
  const files = [...bundle, ...shards, ...tokenizer, preprocessor, generation].filter((file) => file !== undefined);
  for (const [name, text] of Object.entries(typedLoader(manifest, files))) await writeFile(join(dir, name), text);
}
