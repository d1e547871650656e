import { RuntimeError } from '../error.ts';
import type { Source } from './source.ts';

/** Files in memory, by name. */
export function memorySource(files: ReadonlyMap<string, string | Uint8Array>): Source {
  const read = (file: string): Uint8Array<ArrayBuffer> => {
    const content = files.get(file);
    if (content === undefined) throw new RuntimeError('source', `the bundle has no file "${file}"`);
    // Nobody gives files in shared memory, which is all that the wider type allows for.
    return typeof content === 'string' ? new TextEncoder().encode(content) : (content as Uint8Array<ArrayBuffer>);
  };
  return {
    read: async (file) => read(file),
    readRange: async (file, offset, length) => read(file).subarray(offset, offset + length),
  };
}
