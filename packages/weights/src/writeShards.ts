import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { INDEX_FILE } from './checkpointFiles.ts';
import { type CopyOptions, type TensorCopier, tensorCopier, type UnusualValues } from './copyTensor.ts';
import { planShards, type ShardPlan, type TensorType } from './planShards.ts';
import { openShardFile, type WrittenFile } from './shardFileWriter.ts';
import type { ShardTensor } from './shardTensor.ts';
import { stagedFolder } from './stagedFolder.ts';

/** On abort the folder is left as it was. */
export interface WriteOptions extends CopyOptions {
  /** Tensor data per shard; a larger tensor gets a shard of its own. Default 1 GiB. */
  readonly maxShardBytes?: number;
  /** The headers' `__metadata__`. transformers expects `{ format: 'pt' }`. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/** Where a tensor lies in the shards. */
export interface TensorLocation extends TensorType {
  /** File name inside the folder. */
  readonly file: string;
  /** From the start of the file: what ONNX external data asks for. */
  readonly byteOffset: number;
  readonly byteLength: number;
}

export interface WrittenShard extends WrittenFile {
  readonly file: string;
}

export interface WrittenShards {
  readonly shards: readonly WrittenShard[];
  readonly tensors: ReadonlyMap<string, TensorLocation>;
  readonly unusual: readonly UnusualValues[];
}

/** Small enough for any browser to hold one shard in an ArrayBuffer while it uploads. */
const DEFAULT_SHARD_BYTES = 2 ** 30;

/**
 * Writes tensors to `model.safetensors`, or to `model-00001-of-0000N.safetensors` with their index, holding a few
 * chunks in memory at a time. The files appear in `dir` together at the end; on failure or abort nothing is left.
 * The same tensors give the same bytes.
 *
 * @param dir made if it does not exist; must not hold a checkpoint
 * @throws WeightError when names repeat, a stream's length does not fit its shape, a conversion does not exist or the
 *   disk refuses; the signal's reason on abort; whatever a stream throws
 */
export async function writeShards(
  dir: string,
  tensors: Iterable<ShardTensor>,
  options: WriteOptions = {},
): Promise<WrittenShards> {
  const plans = planned([...tensors], options);
  const bytesTotal = plans.flatMap((plan) => plan.tensors).reduce((sum, { byteLength }) => sum + byteLength, 0);
  const copy = tensorCopier(bytesTotal, options);
  const folder = await stagedFolder(dir);
  try {
    const shards: WrittenShard[] = [];
    for (const plan of plans) shards.push(await writeShard(folder.path, plan, copy));
    const locations = locate(plans);
    if (plans.length > 1) await writeFile(join(folder.path, INDEX_FILE), indexJson(locations));
    await folder.publish();
    return { shards, tensors: locations, unusual: copy.unusual };
  } catch (error) {
    await folder.discard();
    throw error;
  }
}

/** Where `writeShards` puts each tensor, given the same options; nothing is read or written. Throws WeightError alike. */
export function locateShards(
  tensors: readonly TensorType[],
  options: WriteOptions = {},
): ReadonlyMap<string, TensorLocation> {
  return locate(planned(tensors, options));
}

function planned<T extends TensorType>(tensors: readonly T[], options: WriteOptions): ShardPlan<T>[] {
  const { maxShardBytes = DEFAULT_SHARD_BYTES, metadata = {} } = options;
  return planShards(tensors, maxShardBytes, metadata);
}

async function writeShard(folder: string, plan: ShardPlan<ShardTensor>, copy: TensorCopier): Promise<WrittenShard> {
  const writer = await openShardFile(join(folder, plan.file));
  try {
    await writer.write(plan.head);
    for (const placed of plan.tensors) await copy.run(placed, writer);
    return { file: plan.file, ...(await writer.finish()) };
  } catch (error) {
    await writer.abandon();
    throw error;
  }
}

function locate(plans: readonly ShardPlan<TensorType>[]): ReadonlyMap<string, TensorLocation> {
  const locations = new Map<string, TensorLocation>();
  for (const { file, tensors } of plans) {
    for (const { tensor, byteOffset, byteLength } of tensors) {
      const { name, dtype, shape } = tensor;
      locations.set(name, { name, dtype, shape, file, byteOffset, byteLength });
    }
  }
  return locations;
}

function indexJson(locations: ReadonlyMap<string, TensorLocation>): string {
  const all = [...locations.values()];
  const metadata = { total_size: all.reduce((sum, { byteLength }) => sum + byteLength, 0) };
  const weightMap = Object.fromEntries(all.map(({ name, file }) => [name, file]));
  return `${JSON.stringify({ metadata, weight_map: weightMap }, undefined, 2)}\n`;
}
