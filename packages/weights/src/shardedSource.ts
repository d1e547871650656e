import { WeightError } from './error.ts';
import type { SafetensorsFile } from './openSafetensors.ts';
import type { TensorSource } from './source.ts';
import { findTensor } from './tensorIndex.ts';

/**
 * Several open shards as one source. The index decides where a tensor is; tensors that it forgot are found in their
 * shard all the same (as transformers does), so that a report of left-over names sees them.
 *
 * @param owners tensor → shard file, from the index
 * @param shards shard file → open shard; the result closes them
 * @throws WeightError when a shard lacks a tensor the index promises, or two shards hold one the index does not decide
 */
export function shardedSource(
  folder: string,
  indexPath: string,
  owners: ReadonlyMap<string, string>,
  shards: ReadonlyMap<string, SafetensorsFile>,
): TensorSource {
  const shardOf = assignShards(indexPath, owners, shards);
  const find = (name: string) => findTensor(shardOf, name, folder);
  const close = async () => {
    await Promise.all([...shards.values()].map((shard) => shard.close()));
  };
  return {
    origin: folder,
    list: () => [...shards.values()].flatMap((shard) => shard.list().filter(({ name }) => shardOf.get(name) === shard)),
    names: () => [...shardOf.keys()],
    info: (name) => find(name).info(name),
    read: async (name) => find(name).read(name),
    async *stream(name, chunkBytes) {
      yield* find(name).stream(name, chunkBytes);
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

function assignShards(
  indexPath: string,
  owners: ReadonlyMap<string, string>,
  shards: ReadonlyMap<string, SafetensorsFile>,
): ReadonlyMap<string, SafetensorsFile> {
  const shardOf = new Map<string, SafetensorsFile>();
  for (const [file, shard] of shards) {
    for (const name of shard.names()) {
      const owner = owners.get(name);
      const other = shardOf.get(name);
      if (owner === undefined && other !== undefined) {
        throw new WeightError(
          `Tensor "${name}" is in both ${other.origin} and ${shard.origin}, and ${indexPath} does not say which one counts.`,
        );
      }
      if (owner === undefined || owner === file) shardOf.set(name, shard);
    }
  }
  for (const [name, file] of owners) {
    if (!shardOf.has(name)) {
      throw new WeightError(
        `${indexPath} says that ${file} holds tensor "${name}", but it does not. Download both again.`,
      );
    }
  }
  return shardOf;
}
