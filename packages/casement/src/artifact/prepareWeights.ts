import type { Program } from '@casement/ir';
import { adjacentParams } from '@casement/onnx';
import {
  locateShards,
  type RenameTable,
  requireComplete,
  shardTensor,
  type TensorSource,
  type WriteProgress,
  writeShards,
} from '@casement/weights';
import { matchCheckpoint } from '../load/matchCheckpoint.ts';
import { keepWeights } from './keepWeights.ts';
import type { PreparedWeights, PutWeights } from './preparedWeights.ts';
import { requireSpace } from './requireSpace.ts';
import { hashRecipe, type TensorRecipe, writeOrigin } from './weightOrigin.ts';

export interface WeightOptions {
  readonly rename?: RenameTable;
  /** Accept tensors of the checkpoint that the model does not use; default: they are an error. */
  readonly allowExtra?: boolean;
  readonly onProgress?: (progress: WriteProgress) => void;
  readonly signal?: AbortSignal;
}

/**
 * Finds a program's weights in a checkpoint, or in the artifact folder `previous`, if those were made from the same
 * files and would come out the same. Reads no values but those of what may be copies. Throws WeightError when the checkpoint does not fit.
 */
export async function prepareWeights(
  program: Program,
  source: TensorSource,
  previous: string | undefined,
  options: WeightOptions,
): Promise<PreparedWeights> {
  const report = await matchCheckpoint(program, source, options.rename);
  requireComplete(report, { allowLeftOver: options.allowExtra ?? false });
  const recipes = report.matched.map(({ name, tensor }): TensorRecipe => {
    return { name, dtype: program.params.get(name)?.type.dtype ?? tensor.dtype, from: tensor };
  });
  const ordered = sideBySide(recipes, adjacentParams(program));
  const recipe = await hashRecipe(ordered);
  const kept = recipe && previous ? await keepWeights(previous, recipe) : undefined;
  const weights = kept ?? fromCheckpoint(source, ordered, options);
  const put = async (dir: string): Promise<PutWeights> => {
    const result = await weights.put(dir);
    if (recipe) await writeOrigin(dir, { recipe, unusual: result.unusual });
    return result;
  };
  return { ...weights, put };
}

/** The same tensors, with those of each list one behind the other, where the first of them was. */
function sideBySide(recipes: readonly TensorRecipe[], lists: readonly (readonly string[])[]): readonly TensorRecipe[] {
  const byName = new Map(recipes.map((recipe) => [recipe.name, recipe]));
  const listOf = new Map(lists.flatMap((list) => list.map((name) => [name, list] as const)));
  const placed = new Set<string>();
  return recipes.flatMap(({ name }) => {
    const names = (listOf.get(name) ?? [name]).filter((each) => !placed.has(each));
    for (const each of names) placed.add(each);
    return names.flatMap((each) => byName.get(each) ?? []);
  });
}

function fromCheckpoint(
  source: TensorSource,
  recipes: readonly TensorRecipe[],
  { onProgress, signal }: WeightOptions,
): PreparedWeights {
  const tensors = recipes.map(({ name, dtype, from }) => shardTensor(source, from.name, { name, dtype }));
  const options = {
    metadata: { format: 'pt' },
    ...(onProgress ? { onProgress } : {}),
    ...(signal ? { signal } : {}),
  };
  const locations = locateShards(tensors, options);
  const put = async (dir: string): Promise<PutWeights> => {
    await requireSpace(
      dir,
      [...locations.values()].reduce((sum, { byteLength }) => sum + byteLength, 0),
    );
    const { shards, unusual } = await writeShards(dir, tensors, options);
    return { spec: { bytes: shards.reduce((sum, shard) => sum + shard.bytes, 0), shards }, unusual };
  };
  return { locations, keptFrom: undefined, put };
}
