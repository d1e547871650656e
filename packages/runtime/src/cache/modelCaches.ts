/** Weights of one version of a model that this browser keeps. */
export interface CachedModel {
  readonly name: string;
  /** Differs when any weight differs. */
  readonly version: string;
  readonly bytes: number;
}

/** Names of caches: `casement/<version>/<model>`; a version has no slash. */
const PREFIX = 'casement/';

export function cacheName({ name, version }: Pick<CachedModel, 'name' | 'version'>): string {
  return `${PREFIX}${version}/${name}`;
}

/** The address of a chunk in a cache: none that a page could ask a server for. */
export function chunkAddress(sha256: string): string {
  return `https://casement.invalid/${sha256}`;
}

/** Where a cache says when it was used last, and the header that does. */
const USED_ADDRESS = 'https://casement.invalid/used';
const USED_HEADER = 'last-modified';

/** Milliseconds for which a version stays that nobody loads while others of its model are loaded. */
const KEPT_UNUSED = 7 * 24 * 60 * 60 * 1000;

/** The header that says how long a cached chunk is, so that nobody must read it to know. */
export const LENGTH_HEADER = 'content-length';

/** The browser's caches, where there are any: not in Node, and not in pages without a secure origin. */
export function browserCaches(): CacheStorage | undefined {
  return globalThis.caches;
}

/** All models whose weights this browser keeps for this origin. Throws what the browser does when it forbids caches. */
export async function listCachedModels(): Promise<CachedModel[]> {
  const caches = browserCaches();
  const models = (await cachedVersions()).map(async (model) => {
    const cache = await caches?.open(cacheName(model));
    const lengths = (await cache?.matchAll())?.map(({ headers }) => Number(headers.get(LENGTH_HEADER)));
    return { ...model, bytes: lengths?.reduce((sum, length) => sum + length, 0) ?? 0 };
  });
  return Promise.all(models);
}

/** Forgets the kept weights of a model, or of all models; `exceptVersion` of it stays. */
export async function clearCachedModels(name?: string, exceptVersion?: string): Promise<void> {
  for (const model of await cachedVersions()) {
    const wanted = name === undefined || model.name === name;
    if (wanted && model.version !== exceptVersion) await browserCaches()?.delete(cacheName(model));
  }
}

/** Notes that the weights in a cache are used now. */
export async function markUsed(cache: Cache): Promise<void> {
  const headers = { [LENGTH_HEADER]: '0', [USED_HEADER]: new Date().toISOString() };
  await cache.put(USED_ADDRESS, new Response('', { headers }));
}

/**
 * Forgets the other versions of a model that were not used for a week. Not all others: builds for several dtypes may
 * share a name, and people go back and forth between them.
 */
export async function forgetUnused({ name, version }: Pick<CachedModel, 'name' | 'version'>): Promise<void> {
  const caches = browserCaches();
  for (const other of await cachedVersions()) {
    if (other.name !== name || other.version === version) continue;
    const mark = await (await caches?.open(cacheName(other)))?.match(USED_ADDRESS);
    const idle = Date.now() - Date.parse(mark?.headers.get(USED_HEADER) ?? '');
    if (!(idle < KEPT_UNUSED)) await caches?.delete(cacheName(other)); // one without a date, too
  }
}

async function cachedVersions(): Promise<Pick<CachedModel, 'name' | 'version'>[]> {
  const names = (await browserCaches()?.keys()) ?? [];
  return names.flatMap((key) => {
    const [, version, name] = /^casement\/([^/]+)\/(.*)$/s.exec(key) ?? [];
    return version !== undefined && name !== undefined ? [{ name, version }] : [];
  });
}
