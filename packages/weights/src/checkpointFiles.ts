/** File names of a checkpoint, as `save_pretrained` of transformers gives them. */
export const SINGLE_FILE = 'model.safetensors';
export const INDEX_FILE = 'model.safetensors.index.json';

/** @param index from 0 */
export function shardFile(index: number, count: number): string {
  if (count === 1) return SINGLE_FILE;
  const padded = (number: number) => String(number).padStart(5, '0');
  return `model-${padded(index + 1)}-of-${padded(count)}.safetensors`;
}

/** Whether a file is one of the above, of any number of shards. */
export function isCheckpointFile(file: string): boolean {
  return file === INDEX_FILE || /^model(-\d+-of-\d+)?\.safetensors$/.test(file);
}
