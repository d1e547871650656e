import { RuntimeError } from '../error.ts';
import { HttpFile } from './httpFile.ts';
import type { RetryDelays } from './retry.ts';
import { requireFileName, type Source } from './source.ts';

export interface FetchOptions {
  /** Default: half a second, then twice as long from try to try, fifteen seconds in all. */
  readonly retryDelays?: RetryDelays;
  /** Milliseconds without a byte after which a connection counts as broken. Default: 30 seconds. */
  readonly silence?: number;
}

/** A folder's address, or the address of each file. */
export type Addresses = string | URL | Readonly<Record<string, string>>;

/**
 * Files over HTTP. What breaks is tried again, from where it broke. A server that ignores ranges works too: then the
 * weights are read in one stream.
 */
export function fetchSource(
  addresses: Addresses,
  { retryDelays = [500, 1000, 2000, 4000, 8000], silence = 30_000 }: FetchOptions = {},
): Source {
  const files = new Map<string, HttpFile>();
  const open = (file: string): HttpFile => {
    const known = files.get(file);
    if (known) return known;
    const opened = new HttpFile(addressOf(addresses, file), retryDelays, silence);
    files.set(file, opened);
    return opened;
  };
  return {
    remote: true,
    read: async (file, signal) => open(file).read(signal),
    readRange: async (file, offset, length, signal) => open(file).readRange(offset, length, signal),
  };
}

/** The address of a file. Throws RuntimeError when its name leads elsewhere, or no address is known for it. */
export function addressOf(addresses: Addresses, file: string): string {
  requireFileName(file, 'a caller');
  if (typeof addresses === 'string' || addresses instanceof URL) {
    return String(addresses).replace(/\/?$/, '/') + encodeURIComponent(file);
  }
  const address = Object.hasOwn(addresses, file) ? addresses[file] : undefined;
  if (address !== undefined) return address;
  throw new RuntimeError('source', `the bundle has no file "${file}"`);
}
