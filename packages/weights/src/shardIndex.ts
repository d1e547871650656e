import { posix, win32 } from 'node:path';
import { reasonOf, WeightError } from './error.ts';

/**
 * Reads `model.safetensors.index.json`: which shard file holds which tensor.
 *
 * @param path for error texts
 * @returns tensor name → file name beside the index
 * @throws WeightError when it is not such an index or names a file outside its own folder
 */
export function parseShardIndex(text: string, path: string): ReadonlyMap<string, string> {
  const owners = new Map<string, string>();
  for (const [tensor, file] of Object.entries(weightMap(text, path))) {
    if (typeof file !== 'string') throw new WeightError(`${path}: weight_map "${tensor}" is not a file name.`);
    if (!isPlainFileName(file)) {
      throw new WeightError(
        `${path}: weight_map "${tensor}" names "${file}", but shards must lie beside the index: only a plain file name is allowed.`,
      );
    }
    owners.set(tensor, file);
  }
  return owners;
}

function weightMap(text: string, path: string): object {
  let index: unknown;
  try {
    index = JSON.parse(text);
  } catch (error) {
    throw new WeightError(`${path} is not valid JSON: ${reasonOf(error)}`, { cause: error });
  }
  const map = typeof index === 'object' && index !== null && 'weight_map' in index ? index.weight_map : undefined;
  if (typeof map !== 'object' || map === null || Array.isArray(map)) {
    throw new WeightError(`${path} has no weight_map object (tensor name → shard file).`);
  }
  return map;
}

/** An index comes from a stranger; a path in it must not reach outside the folder, whatever the platform's syntax. */
function isPlainFileName(file: string): boolean {
  const reserved = file === '' || file === '.' || file === '..' || file.includes('\0');
  return !reserved && posix.basename(file) === file && win32.basename(file) === file;
}
