import { type Addresses, fetchSource } from './fetchSource.ts';
import { fileSource } from './fileSource.ts';
import type { Source } from './source.ts';

/** Files at these addresses: on disk in Node where they begin with `file:`, over HTTP otherwise. */
export function openSource(addresses: Addresses): Source {
  const isSingle = typeof addresses === 'string' || addresses instanceof URL;
  const sample = isSingle ? String(addresses) : (Object.values(addresses)[0] ?? '');
  return sample.startsWith('file:') ? fileSource(addresses) : fetchSource(addresses);
}
