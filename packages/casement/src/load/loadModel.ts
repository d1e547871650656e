import { existsSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { ModelDefinition } from '@casement/dsl';
import { modelFromConfig } from '@casement/models';
import type { QuantizationSettings } from '@casement/passes';
import { UserError } from '../error.ts';
import { readQuantizationSettings } from '../quantize/readSettings.ts';
import type { GoldenScript } from '../verify/goldenScript.ts';
import { importModule } from './importModule.ts';
import { readConfig } from './readConfig.ts';
import { SourcePlaces } from './sourcePlaces.ts';

export interface LoadedModel {
  readonly definition: ModelDefinition;
  /** Folder or file with the weights; undefined when only a definition was given. */
  readonly checkpoint: string | undefined;
  /** What a model file exports as `golden`. */
  readonly golden?: GoldenScript;
  /** What a model file exports as `quantization`. */
  readonly quantization?: QuantizationSettings;
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
  const sources = new SourcePlaces();
  const exported = await sources.within(() => importModule(resolve(path), sources));
  const definition = await sources.within(() => modelOf(exported.default, path, checkpoint));
  const build: ModelDefinition['build'] = (options) => sources.during(() => definition.build(options));
  const { golden } = exported;
  if (golden !== undefined && !isScript(golden)) {
    throw new UserError(`${path}: the export "golden" must be a function, as GoldenScript describes it`);
  }
  const settings =
    exported.quantization === undefined ? undefined : readQuantizationSettings(exported.quantization, path);
  return {
    definition: { ...definition, build },
    checkpoint,
    ...(golden ? { golden } : {}),
    ...(settings ? { quantization: settings } : {}),
  };
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

function isScript(value: unknown): value is GoldenScript {
  return typeof value === 'function'; // what it does with its arguments, nobody can tell
}

function isModel(value: unknown): value is ModelDefinition {
  return typeof value === 'object' && value !== null && 'build' in value && typeof value.build === 'function';
}
