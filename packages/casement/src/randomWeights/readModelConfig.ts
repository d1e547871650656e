import { basename, dirname } from 'node:path';
import { readConfig } from '../load/readConfig.ts';
import { presets } from './presets.ts';

/** The config of a preset, or of a file `config.json` or its folder. Throws UserError when it cannot be read. */
export async function readModelConfig(name: string): Promise<unknown> {
  return presets.get(name) ?? readConfig(basename(name) === 'config.json' ? dirname(name) : name);
}
