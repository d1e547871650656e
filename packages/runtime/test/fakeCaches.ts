/** What browsers offer as `caches`, in memory; `refuse` is asked before every write and may throw. */
export function fakeCaches(refuse: () => void = () => {}) {
  const stores = new Map<string, Map<string, Response>>();
  const open = async (name: string) => {
    const store = stores.get(name) ?? new Map<string, Response>();
    stores.set(name, store);
    return {
      match: async (key: string) => store.get(key)?.clone(),
      matchAll: async () => [...store.values()].map((response) => response.clone()),
      put: async (key: string, response: Response) => {
        refuse();
        store.set(key, response);
      },
      delete: async (key: string) => store.delete(key),
    };
  };
  const caches = { open, keys: async () => [...stores.keys()], delete: async (name: string) => stores.delete(name) };
  // The runtime uses nothing else of the interface.
  return { stores, caches: caches as unknown as CacheStorage };
}
