import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ModelDefinition } from '@casement/dsl';
import { dtypeBytes, elementCount, type FloatDType } from '@casement/ir';
import { modelFromConfig } from '@casement/models';
import { type WriteProgress, type WrittenShards, writeShards } from '@casement/weights';
import { copyProcessorFiles } from '../artifact/copyProcessor.ts';
import { requireSpace } from '../artifact/requireSpace.ts';
import { stageFolder } from '../artifact/stage.ts';
import { expectedParams } from '../load/expectedParams.ts';
import { randomTensors } from './randomTensor.ts';

export interface RandomWeightsOptions {
  /** What the checkpoint's `config.json` is to hold; absent: it has none. */
  readonly config?: unknown;
  /** Default: the model that `config` describes. */
  readonly definition?: ModelDefinition;
  /** A new or empty folder. */
  readonly out: string;
  /** Default: 0. */
  readonly seed?: number;
  /** What the weights are stored as; default: bf16, like most released checkpoints. */
  readonly dtype?: FloatDType;
  /** A folder whose tokenizer, preprocessor and generation settings the checkpoint is to have. */
  readonly processorOf?: string;
  readonly onProgress?: (progress: WriteProgress) => void;
  readonly signal?: AbortSignal;
}

/** As transformers cut checkpoints for years: so that files have places beyond 4 GiB, as downloaded ones do. */
const SHARD_BYTES = 5e9;

/**
 * Writes a checkpoint folder, config.json and weights, of a model: the shapes are those of a released checkpoint, the
 * numbers are random. The same options give the same bytes, and a tensor's values do not depend on which others there
 * are. Throws ConfigError, UserError, or WeightError; then no folder appears.
 */
export async function randomWeights(options: RandomWeightsOptions): Promise<Pick<WrittenShards, 'shards' | 'tensors'>> {
  const { config, out, seed = 0, dtype = 'bf16', processorOf, onProgress, signal } = options;
  const { definition = modelFromConfig(config) } = options;
  const params = expectedParams(definition.build({ dtype: 'f32' }));
  const randomTensor = randomTensors(seed, dtype);
  const tensors = Array.from(params, ([name, { shape }]) => randomTensor(name, shape));
  const bytes = tensors.reduce((sum, { shape }) => sum + elementCount(shape) * dtypeBytes(dtype), 0);
  return stageFolder(out, { signal }, async (dir) => {
    await requireSpace(dir, bytes);
    if (config !== undefined) await writeFile(join(dir, 'config.json'), `${JSON.stringify(config, null, 2)}\n`);
    if (processorOf) await copyProcessorFiles(processorOf, dir);
    return writeShards(dir, tensors, {
      maxShardBytes: SHARD_BYTES,
      metadata: { format: 'pt' },
      ...(onProgress ? { onProgress } : {}),
      ...(signal ? { signal } : {}),
    });
  });
}
