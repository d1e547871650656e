import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, relative } from 'node:path';
import { parseConfig } from '@casement/models';
import { UserError } from '../error.ts';
import { readConfig } from '../load/readConfig.ts';

export interface ImportOptions {
  /** A folder with a `config.json`; its weights are not read. */
  readonly checkpoint: string;
  /** The model file to write. */
  readonly out: string;
  /** Replace the file if it exists. */
  readonly force?: boolean;
}

/**
 * Writes a typed model file that builds to the same bytes as the checkpoint folder itself. Throws UserError when the
 * file exists or the folder has no config, and ConfigError when the config is not understood.
 */
export async function importModel({ checkpoint, out, force = false }: ImportOptions): Promise<void> {
  const parsed = parseConfig(await readConfig(checkpoint));
  // Loaded when needed: ts-morph brings a whole TypeScript along.
  const { modelSource } = await import('./modelSource.ts');
  const names = { file: relative('', out) || out, checkpoint: relative('', checkpoint) || '.' };
  const text = modelSource(parsed, names);
  await mkdir(dirname(out), { recursive: true });
  try {
    await writeFile(out, text, { flag: force ? 'w' : 'wx' });
  } catch (error) {
    throw new UserError(reasonFor(out, error));
  }
}

function reasonFor(out: string, error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'EEXIST') return `${out} exists; give another --out, or --force to replace it`;
  return `cannot write ${out}: ${error instanceof Error ? error.message : String(error)}`;
}
