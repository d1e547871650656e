import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../error.ts';

/** The `config.json` of a checkpoint folder. Throws UserError when it cannot be read. */
export async function readConfig(folder: string): Promise<unknown> {
  const path = join(folder, 'config.json');
  const text = await readFile(path, 'utf8').catch((error: Error) => {
    throw new UserError(`cannot read ${path}: ${error.message}; a checkpoint folder holds a config.json`);
  });
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new UserError(`${path} is no JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** Id of the placeholder for image tokens in prompts, if the checkpoint's `config.json` names one. */
export async function readImageToken(checkpoint: string): Promise<number | undefined> {
  if (!existsSync(join(checkpoint, 'config.json'))) return undefined;
  const config = await readConfig(checkpoint);
  if (typeof config !== 'object' || config === null || !('image_token_id' in config)) return undefined;
  return typeof config.image_token_id === 'number' ? config.image_token_id : undefined;
}
