import { existsSync } from 'node:fs';
import { copyFile, readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ProcessorSpec } from '@casement/runtime';
import { readConfig } from '../load/readConfig.ts';
import { readProcessorFields } from '../load/readProcessorFields.ts';

const TOKENIZER = ['tokenizer.json', 'tokenizer_config.json', 'chat_template.jinja', 'chat_template.json'];
/** The newer file has the same fields one level deeper. */
const PREPROCESSOR = ['preprocessor_config.json', 'processor_config.json'];
const GENERATION = 'generation_config.json';

/** Where a checkpoint's other files are: it may be a folder, or a file in it. */
async function folderOf(checkpoint: string): Promise<string> {
  return (await stat(checkpoint)).isDirectory() ? checkpoint : dirname(checkpoint);
}

/**
 * Copies what a host needs to turn text and pictures into inputs out of a checkpoint and says what there is. Undefined
 * when there is nothing. Throws UserError when config.json says something that makes no sense.
 */
export async function copyProcessor(checkpoint: string, dir: string): Promise<ProcessorSpec | undefined> {
  const folder = await folderOf(checkpoint);
  const files = await copyProcessorFiles(folder, dir);
  const path = join(folder, 'config.json');
  const spec = existsSync(path) ? { ...files, ...readProcessorFields(await readConfig(folder), path) } : files;
  return Object.keys(spec).length === 0 ? undefined : spec;
}

/** Copies tokenizer, preprocessor and generation settings from one folder to another, as far as they are there. */
export async function copyProcessorFiles(
  folder: string,
  dir: string,
): Promise<Pick<ProcessorSpec, 'tokenizer' | 'preprocessor' | 'generation'>> {
  const present = new Set(await readdir(folder));
  const tokenizer = present.has('tokenizer.json') ? TOKENIZER.filter((name) => present.has(name)) : [];
  const preprocessor = PREPROCESSOR.find((name) => present.has(name));
  const generation = present.has(GENERATION) ? GENERATION : undefined;
  for (const name of [...tokenizer, preprocessor, generation]) {
    if (name !== undefined) await copyFile(join(folder, name), join(dir, name));
  }
  return {
    ...(tokenizer.length > 0 ? { tokenizer } : {}),
    ...(preprocessor ? { preprocessor } : {}),
    ...(generation ? { generation } : {}),
  };
}
