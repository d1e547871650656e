import { RuntimeError } from '../error.ts';

/** Where the files of a bundle come from. */
export interface Source {
  /** The whole file. */
  read(file: string, signal?: AbortSignal): Promise<Uint8Array<ArrayBuffer>>;
  /** `length` bytes from `offset` on, or fewer where the file ends; without it, files are read whole. */
  readRange?(file: string, offset: number, length: number, signal?: AbortSignal): Promise<Uint8Array<ArrayBuffer>>;
  /** Whether reading goes over a network, so that weights are worth keeping for the next load. */
  readonly remote?: boolean;
}

/** A text file. */
export async function readText(source: Source, file: string, signal?: AbortSignal): Promise<string> {
  return new TextDecoder().decode(await source.read(file, signal));
}

/** A JSON file; nothing is known about what is in it. Throws RuntimeError when it is none. */
export async function readJson(source: Source, file: string, signal?: AbortSignal): Promise<unknown> {
  const text = await readText(source, file, signal);
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new RuntimeError('source', `${file} is no JSON: ${cause instanceof Error ? cause.message : cause}`, {
      cause,
    });
  }
}

/**
 * A bundle is flat, so names of files are nothing but names: what leads elsewhere is refused, whoever wrote the plan.
 * Throws RuntimeError; `where` says which file names it.
 */
export function requireFileName(name: unknown, where: string): asserts name is string {
  const plain = typeof name === 'string' && /^[^\\/:]+$/.test(name) && name !== '.' && name !== '..';
  if (plain) return;
  throw new RuntimeError(
    'source',
    `${where} names the file ${JSON.stringify(name)}, which is not a plain name in the bundle's own folder`,
  );
}
