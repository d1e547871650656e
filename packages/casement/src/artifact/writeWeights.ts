import type { Program } from '@casement/ir';
import {
  type RenameTable,
  requireComplete,
  shardTensor,
  type TensorSource,
  type WriteProgress,
  writeShards,
} from '@casement/weights';
import { matchCheckpoint } from '../load/matchCheckpoint.ts';
import { keepWeights } from './keepWeights.ts';
import type { PlacedWeights } from './placedWeights.ts';
import { hashRecipe, type TensorRecipe, writeOrigin } from './weightOrigin.ts';

export interface WeightOptions {
  readonly rename?: RenameTable;
  /** Accept tensors of the checkpoint that the model does not use; default: they are an error. */
  readonly allowExtra?: boolean;
  readonly onProgress?: ((progress: WriteProgress) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Writes a program's weights, once for all targets, into `dir`; or keeps those of the artifact folder `previous`, if
 * they were made from the same files and would come out the same. Throws WeightError when the checkpoint does not fit.
 */
export async function writeWeights(
  dir: string,
  program: Program,
  source: TensorSource,
  previous: string | undefined,
  { rename, allowExtra = false, onProgress, signal }: WeightOptions,
): Promise<PlacedWeights> {
  const report = await matchCheckpoint(program, source, rename);
  requireComplete(report, { allowLeftOver: allowExtra });
  const recipes = report.matched.map(({ name, tensor }): TensorRecipe => {
    return { name, dtype: program.params.get(name)?.type.dtype ?? tensor.dtype, from: tensor };
  });
  const recipe = await hashRecipe(recipes);
  const kept = recipe && previous ? await keepWeights(previous, dir, recipe) : undefined;
  const placed = kept ?? (await write(dir, source, recipes, { onProgress, signal }));
  if (recipe) await writeOrigin(dir, { recipe, unusual: placed.unusual });
  return placed;
}

async function write(
  dir: string,
  source: TensorSource,
  recipes: readonly TensorRecipe[],
  { onProgress, signal }: Pick<WeightOptions, 'onProgress' | 'signal'>,
): Promise<PlacedWeights> {
  const { shards, tensors, unusual } = await writeShards(
    dir,
    recipes.map(({ name, dtype, from }) => shardTensor(source, from.name, { name, dtype })),
    {
      metadata: { format: 'pt' },
      ...(onProgress ? { onProgress } : {}),
      ...(signal ? { signal } : {}),
    },
  );
  const spec = { bytes: shards.reduce((sum, shard) => sum + shard.bytes, 0), shards };
  return { spec, locations: tensors, unusual, keptFrom: undefined };
}
