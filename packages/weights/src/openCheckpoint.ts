import type { Dirent } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { INDEX_FILE, SINGLE_FILE } from './checkpointFiles.ts';
import { explained, WeightError } from './error.ts';
import { openSafetensors, type SafetensorsFile } from './openSafetensors.ts';
import { shardedSource } from './shardedSource.ts';
import { parseShardIndex } from './shardIndex.ts';
import type { TensorSource } from './source.ts';

/**
 * Opens a checkpoint as the Hugging Face hub lays it out: a `.safetensors` file, or a folder with
 * `model.safetensors` or with shards and `model.safetensors.index.json`. Where a folder has both, the single file
 * counts, as in transformers. Only headers are read.
 *
 * @throws WeightError when there is no checkpoint, a shard is missing or damaged, or index and shards disagree
 */
export async function openCheckpoint(path: string): Promise<TensorSource> {
  if (!(await isFolder(path))) return openSafetensors(path);
  const files = new Set((await readdir(path, { withFileTypes: true })).filter(mayBeFile).map((entry) => entry.name));
  if (files.has(SINGLE_FILE)) return openSafetensors(join(path, SINGLE_FILE));
  if (files.has(INDEX_FILE)) return openSharded(path);
  throw new WeightError(`${path} holds no checkpoint: neither ${SINGLE_FILE} nor ${INDEX_FILE}. ${remedy([...files])}`);
}

async function isFolder(path: string): Promise<boolean> {
  return (await explained(`Cannot open the checkpoint ${path}`, stat(path))).isDirectory();
}

/** The hub's cache is made of symbolic links, so a link counts as what it may point to. */
function mayBeFile(entry: Dirent): boolean {
  return entry.isFile() || entry.isSymbolicLink();
}

function remedy(files: readonly string[]): string {
  const safetensors = files.filter((file) => file.endsWith('.safetensors')).sort();
  if (safetensors.some((file) => /-of-\d+\.safetensors$/.test(file))) {
    return `It holds ${safetensors.length} shards without their index: download ${INDEX_FILE} too.`;
  }
  if (safetensors.length > 0) return `To use one of its other files, name it: ${safetensors.join(', ')}.`;
  const pickled = files.find((file) => /\.(bin|pt|pth)$/.test(file));
  if (pickled !== undefined) {
    return `${pickled} is a PyTorch file: load it in transformers and save it with save_pretrained (safetensors).`;
  }
  return 'Is it the right folder, and did its download finish?';
}

async function openSharded(folder: string): Promise<TensorSource> {
  const indexPath = join(folder, INDEX_FILE);
  const owners = parseShardIndex(await explained(`Cannot read ${indexPath}`, readFile(indexPath, 'utf8')), indexPath);
  const shards = new Map<string, SafetensorsFile>();
  try {
    for (const file of new Set(owners.values())) shards.set(file, await openShard(folder, file));
    return shardedSource(folder, indexPath, owners, shards);
  } catch (error) {
    await Promise.all([...shards.values()].map((shard) => shard.close()));
    throw error;
  }
}

async function openShard(folder: string, file: string): Promise<SafetensorsFile> {
  const path = join(folder, file);
  await explained(`${folder} lacks the shard ${file} that ${INDEX_FILE} names. Download it`, stat(path));
  return openSafetensors(path);
}
