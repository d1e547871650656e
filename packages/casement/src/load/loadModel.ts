import { existsSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { ModelDefinition } from '@casement/dsl';
import { modelFromConfig } from '@casement/models';
import { UserError } from '../error.ts';
import { importModule } from './importModule.ts';

export interface LoadedModel {
  readonly definition: ModelDefinition;
  /** Folder or file with the weights; undefined when only a definition was given. */
  readonly checkpoint: string | undefined;
}

/**
 * Loads a model from a checkpoint folder (its `config.json` says which) or from a model file, whose default export is a
 * model or a function from the checkpoint's `config.json` to one. Throws UserError, ConfigError or ModelError.
 */
export async function loadModel(path: string, checkpoint?: string): Promise<LoadedModel> {
  if (!existsSync(path)) throw new UserError(`${path} does not exist; give a model file or a checkpoint folder`);
  if (statSync(path).isDirectory()) {
    if (checkpoint !== undefined) throw new UserError(`${path} is a checkpoint folder already; leave out --checkpoint`);
    return { definition: modelFromConfig(await readConfig(path)), checkpoint: path };
  }
  return importModule(resolve(path), async (exported) => {
    return { definition: await modelOf(exported, path, checkpoint), checkpoint };
  });
}

async function modelOf(exported: unknown, path: string, checkpoint: string | undefined): Promise<ModelDefinition> {
  if (isModel(exported)) return exported;
  if (typeof exported !== 'function') {
    throw new UserError(`${path} must export a model, or a function from config.json to a model, as its default`);
  }
  if (checkpoint === undefined) {
    throw new UserError(`${path} makes its model from a config.json; name its folder with --checkpoint`);
  }
  const made: unknown = await exported(await readConfig(checkpoint));
  if (isModel(made)) return made;
  throw new UserError(`${path}: the default export must return a model, as model(…) and decoder(…) make them`);
}

async function readConfig(folder: string): Promise<unknown> {
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

function isModel(value: unknown): value is ModelDefinition {
  return typeof value === 'object' && value !== null && 'build' in value && typeof value.build === 'function';
}
