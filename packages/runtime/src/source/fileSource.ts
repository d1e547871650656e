import { RuntimeError, reasonOf } from '../error.ts';
import { type Addresses, addressOf } from './fetchSource.ts';
import type { Source } from './source.ts';

/** Files on the disk of Node (20.16 or later), by the `file:` address of their folder or of each. */
export function fileSource(addresses: Addresses): Source {
  const { open, readFile } = nodeFiles();
  const explained = async <T>(file: string, work: Promise<T>): Promise<T> => {
    return work.catch((cause: unknown) => {
      throw new RuntimeError('source', `cannot read ${file}: ${reasonOf(cause)}`, { cause });
    });
  };
  return {
    read: async (file, signal) => {
      signal?.throwIfAborted();
      // Node's own buffers may lie in a pool; these are never shared either.
      return explained(file, readFile(new URL(addressOf(addresses, file)))) as Promise<Uint8Array<ArrayBuffer>>;
    },
    readRange: async (file, offset, length, signal) => {
      signal?.throwIfAborted();
      const handle = await explained(file, open(new URL(addressOf(addresses, file))));
      try {
        const bytes = new Uint8Array(length);
        const { bytesRead } = await explained(file, handle.read(bytes, 0, length, offset));
        return bytes.subarray(0, bytesRead);
      } finally {
        await handle.close();
      }
    },
  };
}

/** Asked for at run time, since an import would make bundlers for browsers look for the module. */
function nodeFiles(): typeof import('node:fs/promises') {
  const files = globalThis.process?.getBuiltinModule?.('node:fs/promises');
  if (files) return files;
  throw new RuntimeError('source', 'files on disk can be read in Node 20.16 or later only; serve the folder over HTTP');
}
