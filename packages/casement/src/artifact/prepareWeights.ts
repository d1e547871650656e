import type { Program } from '@casement/ir';
import { adjacentParams } from '@casement/onnx';
import type { QuantizedParam } from '@casement/passes';
import {
  locateShards,
  type QuantizationError,
  type RenameTable,
  requireComplete,
  type ShardTensor,
  type TensorSource,
  type WriteProgress,
  writeShards,
} from '@casement/weights';
import { matchCheckpoint } from '../load/matchCheckpoint.ts';
import { keepWeights } from './keepWeights.ts';
import type { PreparedWeights, PutWeights } from './preparedWeights.ts';
import { requireSpace } from './requireSpace.ts';
import { hashRecipe, type TensorRecipe, writeOrigin } from './weightOrigin.ts';
import { weightTensors } from './weightTensors.ts';

export interface WeightOptions {
  readonly rename?: RenameTable;
  /** Accept tensors of the checkpoint that the model does not use; default: they are an error. */
  readonly allowExtra?: boolean;
  /** The weights that the program has in quantised form, by name. */
  readonly quantized?: ReadonlyMap<string, QuantizedParam>;
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
  const { rename, quantized } = options;
  const report = await matchCheckpoint(program, source, rename, quantized);
  requireComplete(report, { allowLeftOver: options.allowExtra ?? false });
  const recipes = report.matched.map(({ name, tensor }): TensorRecipe => {
    const param = quantized?.get(name)?.weight ?? program.params.get(name);
    const how = quantized?.get(name)?.how;
    return { name, dtype: param?.type.dtype ?? tensor.dtype, from: tensor, ...(how ? { how } : {}) };
  });
  const errors: QuantizationError[] = [];
  const tensors = recipes.flatMap((recipe) => weightTensors(source, recipe, (error) => errors.push(error)));
  const ordered = sideBySide(tensors, adjacentParams(program));
  const recipe = await hashRecipe(recipes, ordered);
  const kept = recipe && previous ? await keepWeights(previous, recipe) : undefined;
  const weights = kept ?? fromCheckpoint(ordered, errors, options);
  const put = async (dir: string): Promise<PutWeights> => {
    const result = await weights.put(dir);
    if (recipe) await writeOrigin(dir, { recipe, unusual: result.unusual, errors: result.errors });
    return result;
  };
  return { ...weights, put };
}

/** The same tensors, with those of each list one behind the other, where the first of them was. */
function sideBySide(tensors: readonly ShardTensor[], lists: readonly (readonly string[])[]): readonly ShardTensor[] {
  const byName = new Map(tensors.map((tensor) => [tensor.name, tensor]));
  const listOf = new Map(lists.flatMap((list) => list.map((name) => [name, list] as const)));
  const placed = new Set<string>();
  return tensors.flatMap(({ name }) => {
    const names = (listOf.get(name) ?? [name]).filter((each) => !placed.has(each));
    for (const each of names) placed.add(each);
    return names.flatMap((each) => byName.get(each) ?? []);
  });
}

function fromCheckpoint(
  tensors: readonly ShardTensor[],
  /** Filled while the tensors are written. */
  errors: readonly QuantizationError[],
  { onProgress, signal }: WeightOptions,
): PreparedWeights {
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
    return { spec: { bytes: shards.reduce((sum, shard) => sum + shard.bytes, 0), shards }, unusual, errors };
  };
  return { locations, keptFrom: undefined, put };
}
