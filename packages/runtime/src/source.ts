import { RuntimeError } from './error.ts';

/** Where the files of a bundle come from. */
export interface Source {
  /** The whole file. */
  read(file: string, signal?: AbortSignal): Promise<Uint8Array>;
  /** `length` bytes from `offset` on; without it, files are read whole. */
  readRange?(file: string, offset: number, length: number, signal?: AbortSignal): Promise<Uint8Array>;
}

/** Files below a URL, over HTTP; a server that ignores ranges works too, at the price of whole files. */
export function fetchSource(base: string | URL): Source {
  const folder = String(base).replace(/\/?$/, '/');
  const load = async (file: string, headers: Record<string, string>, signal?: AbortSignal) => {
    const url = folder + file;
    const failed = (why: string, cause?: unknown) =>
      new RuntimeError('source', `cannot read ${url}: ${why}`, { cause });
    try {
      const response = await fetch(url, { headers, ...(signal ? { signal } : {}) });
      if (!response.ok) throw failed(`the server says ${response.status} ${response.statusText}`);
      return { status: response.status, bytes: new Uint8Array(await response.arrayBuffer()) };
    } catch (error) {
      if (error instanceof RuntimeError || signal?.aborted) throw error;
      throw failed(error instanceof Error ? error.message : String(error), error);
    }
  };
  return {
    read: async (file, signal) => (await load(file, {}, signal)).bytes,
    readRange: async (file, offset, length, signal) => {
      const { status, bytes } = await load(file, { Range: `bytes=${offset}-${offset + length - 1}` }, signal);
      return status === 206 ? bytes : bytes.subarray(offset, offset + length);
    },
  };
}

/** Files in memory, by name. */
export function memorySource(files: ReadonlyMap<string, string | Uint8Array>): Source {
  const read = (file: string): Uint8Array => {
    const content = files.get(file);
    if (content === undefined) throw new RuntimeError('source', `the bundle has no file "${file}"`);
    return typeof content === 'string' ? new TextEncoder().encode(content) : content;
  };
  return {
    read: async (file) => read(file),
    readRange: async (file, offset, length) => read(file).subarray(offset, offset + length),
  };
}

/** A text file. */
export async function readText(source: Source, file: string, signal?: AbortSignal): Promise<string> {
  return new TextDecoder().decode(await source.read(file, signal));
}
