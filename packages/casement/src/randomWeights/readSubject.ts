import { statSync } from 'node:fs';
import { UserError } from '../error.ts';
import { loadModel } from '../load/loadModel.ts';
import { readConfig } from '../load/readConfig.ts';
import type { RandomWeightsOptions } from './randomWeights.ts';
import { readModelConfig } from './readModelConfig.ts';
import { truncateConfig } from './truncateConfig.ts';

type Subject = Pick<RandomWeightsOptions, 'config' | 'definition' | 'processorOf'>;

/**
 * What random weights are to be made of: a model file, which may be made from the config of a `checkpoint` whose
 * tokenizer the new one gets, too; or a config, its folder or a preset. Throws UserError or ConfigError.
 */
export async function readSubject(
  name: string,
  { checkpoint, layers }: { readonly checkpoint?: string | undefined; readonly layers?: number | undefined },
): Promise<Subject> {
  if (/\.[cm]?[jt]s$/.test(name)) {
    if (layers !== undefined)
      throw new UserError(`--layers is for configs; ${name} says itself how many layers it has`);
    const { definition } = await loadModel(name, checkpoint);
    if (checkpoint === undefined) return { definition };
    return { definition, config: await readConfig(checkpoint), processorOf: checkpoint };
  }
  if (checkpoint !== undefined) throw new UserError(`--checkpoint is for model files; ${name} is a config already`);
  const config = await readModelConfig(name);
  return {
    config: layers === undefined ? config : truncateConfig(config, layers),
    ...(statSync(name, { throwIfNoEntry: false })?.isDirectory() ? { processorOf: name } : {}),
  };
}
