import { BentoCache, bentostore } from 'bentocache';
import { memoryDriver } from 'bentocache/drivers/memory';
import { createCache as createCacheManager } from 'cache-manager';
import { Cacheable, createKeyv } from 'cacheable';

/** A cache in the memory of this process that answers promises. */
export interface AwaitedCache {
  get(key: string): Promise<unknown>;
  set(key: string, value: object): Promise<unknown>;
  /** Of what is not held: loaded by one call, however many ask for it, where the cache can do that. */
  getOrLoad(key: string, load: () => Promise<object>): Promise<unknown>;
  close(): Promise<unknown>;
}

/**
 * Published caches with loaders, a time to live and counts, as far as they have them, of so many entries. None copies or
 * serialises values, as ours does not: the defaults of bentocache (JSON) and cacheable (a clone) are slower by far.
 */
export const AWAITED_PEERS: Readonly<Record<string, (entries: number) => AwaitedCache>> = {
  bentocache: (entries) => {
    const bento = new BentoCache({
      default: 'memory',
      ttl: '1h',
      stores: { memory: bentostore().useL1Layer(memoryDriver({ maxItems: entries, serialize: false })) },
    });
    return {
      get: (key) => bento.get({ key }),
      set: (key, value) => bento.set({ key, value }),
      getOrLoad: (key, factory) => bento.getOrSet({ key, factory }),
      close: () => bento.disconnectAll(),
    };
  },
  cacheable: (entries) => {
    const cache = new Cacheable({
      primary: createKeyv({ lruSize: entries, useClone: false }),
      ttl: '1h',
      stats: true,
    });
    return {
      get: (key) => cache.get(key),
      set: (key, value) => cache.set(key, value),
      getOrLoad: (key, load) => cache.getOrSet(key, load),
      close: () => cache.disconnect(),
    };
  },
  'cache-manager': (entries) => {
    const cache = createCacheManager({ stores: [createKeyv({ lruSize: entries, useClone: false })], ttl: 3_600_000 });
    return {
      get: (key) => cache.get(key),
      set: (key, value) => cache.set(key, value),
      getOrLoad: (key, load) => cache.wrap(key, load),
      close: () => cache.disconnect(),
    };
  },
};
