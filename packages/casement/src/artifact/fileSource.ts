import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Source } from '@casement/runtime';

/** The files of an artifact folder, as the runtime reads them; weights are read range by range. */
export function fileSource(dir: string): Source {
  return {
    read: (file, signal) => readFile(join(dir, file), signal ? { signal } : {}),
    readRange: async (file, offset, length, signal) => {
      signal?.throwIfAborted();
      const handle = await open(join(dir, file));
      try {
        const bytes = new Uint8Array(length);
        const { bytesRead } = await handle.read(bytes, 0, length, offset);
        if (bytesRead < length)
          throw new Error(`${file} ends ${length - bytesRead} bytes early; build the artifact again`);
        return bytes;
      } finally {
        await handle.close();
      }
    },
  };
}
