import { existsSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { UserError } from '../error.ts';
import { readConfig } from '../load/readConfig.ts';
import { presets } from './presets.ts';

/** The config of a preset, or of a file `config.json` or its folder. Throws UserError when there is none. */
export async function readModelConfig(name: string): Promise<unknown> {
  const preset = presets.get(name);
  if (preset !== undefined) return preset;
  if (existsSync(name)) return readConfig(basename(name) === 'config.json' ? dirname(name) : name);
  const known = [...presets.keys()].join(', ');
  throw new UserError(`${name} does not exist; give a config.json, its folder, or a model of full size: ${known}`);
}
