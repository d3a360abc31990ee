import { CacheCore } from './core.js';
import { encodeKey, namespacePrefix, type CacheKey } from './key/cache-key.js';
import { Reads, type Loaders } from './load/reads.js';
import { Writes } from './load/writes.js';
import type { OwnInfo } from './manage/own-info.js';
import { Removals, type Removed, type RemoveOptions } from './manage/removals.js';
import type { BatchLoader, CacheOptions, Lifetime, Loader, LoadOptions, WriteOptions } from './options.js';

/**
 * Makes a cache. Tiers beyond memory open in the background: `ready()` says when they are, and whether they could be.
 * @throws CacheOptionsError that lists all that is wrong with the options
 */
export function createCache<Key extends CacheKey = string, Value = unknown>(
  options: CacheOptions<Key, Value>,
): Cache<Key, Value> {
  return new Cache(new CacheCore(options), '', options);
}

/**
 * A cache of one or several tiers, or a namespace of one. Keys are compared by their encoding (`encodeKey`), values are
 * those that were put in: do not change them. `undefined` is no value: it says that there is none.
 */
export class Cache<Key extends CacheKey, Value> {
  readonly #core: CacheCore<Key, Value>;
  readonly #prefix: string;
  readonly #reads: Reads<Key, Value>;
  readonly #writes: Writes<Key, Value>;
  readonly #removals: Removals<Key, Value>;

  /** Use `createCache`, and `namespace`. */
  constructor(core: CacheCore<Key, Value>, prefix: string, loaders: Loaders<Key, Value>) {
    this.#core = core;
    this.#prefix = prefix;
    this.#reads = new Reads(core, prefix, loaders);
    this.#writes = new Writes(core, prefix);
    this.#removals = new Removals(core, prefix);
  }

  get name(): string {
    return this.#core.name;
  }

  /** Resolves when all tiers are open; rejects with the first failure, in which case the cache goes on without that tier. */
  async ready(): Promise<void> {
    await this.#core.opened;
  }

  // ---- reading ----

  /**
   * The value that memory holds fresh, at once: no promise, and no look at the clock unless the entry is near its end.
   * Undefined, and counted nowhere, when memory does not have it: ask `get` then.
   */
  getNow(key: Key): Value | undefined {
    const memory = this.#core.openMemory;
    if (memory !== undefined) return memory.hit(this.#encode(key)) as Value | undefined;
    this.#core.assertOpen();
    return undefined;
  }

  /** The value, if it is fresh, or stale and may be answered while it is refreshed. Nearer tiers are filled. */
  async get(key: Key): Promise<Value | undefined> {
    const encoded = this.#encode(key);
    const hit = this.#core.openMemory?.hit(encoded) as Value | undefined;
    return hit === undefined ? this.#reads.get(encoded, key) : hit;
  }

  /**
   * The value, loaded from its origin when it is not held: once, however many ask for it.
   * @throws what the loader throws, unless an older value may be answered then; LoadTimeoutError; LoopedLoadError;
   *   InvalidValueError; NoLoaderError; CacheClosedError; the reason of `options.signal`
   */
  getOrLoad(key: Key, options: LoadOptions): Promise<Value | undefined>;
  getOrLoad(key: Key, loader?: Loader<Key, Value>, options?: LoadOptions): Promise<Value | undefined>;
  async getOrLoad(
    key: Key,
    loaderOrOptions?: Loader<Key, Value> | LoadOptions,
    moreOptions?: LoadOptions,
  ): Promise<Value | undefined> {
    const encoded = this.#encode(key);
    const [loader, options = NO_OPTIONS] =
      typeof loaderOrOptions === 'object' ? [undefined, loaderOrOptions] : [loaderOrOptions, moreOptions];
    if (options.refresh !== true && this.#core.loading.earlyRefresh === 0) {
      const hit = this.#core.openMemory?.hit(encoded) as Value | undefined;
      if (hit !== undefined) return hit;
    }
    return this.#reads.getOrLoad(encoded, key, loader, options);
  }

  /**
   * One value for each key, in order. What is missing is loaded at once by the batch loader, or else by the loader, one by
   * one; without either it stays undefined. @throws BatchLoadError when some could not be loaded: it has the others
   */
  async getMany(
    keys: Iterable<Key>,
    batchLoader?: BatchLoader<Key, Value>,
    options: LoadOptions = NO_OPTIONS,
  ): Promise<(Value | undefined)[]> {
    const wanted = Array.from(keys, (key) => ({ key, encoded: this.#encode(key) }));
    return this.#reads.getMany(wanted, batchLoader, options);
  }

  /** Whether `get` would answer a value. It is not counted as a get. */
  async has(key: Key): Promise<boolean> {
    return this.#reads.has(this.#encode(key));
  }

  /** Loads the key, whatever is held; `changed` is false when the loader said so, or failed and the older value is answered. */
  async revalidate(
    key: Key,
    loader?: Loader<Key, Value>,
    options: LoadOptions = NO_OPTIONS,
  ): Promise<{ readonly value: Value | undefined; readonly changed: boolean }> {
    return this.#reads.revalidate(this.#encode(key), key, loader, options);
  }

  // ---- writing ----

  /**
   * Writes to all tiers, to memory at once. Resolves to whether one of them keeps it. `undefined` says that there is no
   * value: it is remembered for `negativeTtl`, and what was held is gone.
   * @throws InvalidValueError; TypeError when a tier cannot write the value down
   */
  async set(key: Key, value: Value | undefined, options: WriteOptions = NO_OPTIONS): Promise<boolean> {
    return this.#writes.set(this.#encode(key), value, options);
  }

  /** Removes an entry from all tiers. Says whether one of them held it. */
  async delete(key: Key): Promise<boolean> {
    return (await this.#removals.key(this.#encode(key))).entries > 0;
  }

  /** Removes what was written with the tag, in this namespace. */
  async invalidateTag(tag: string, options: RemoveOptions = {}): Promise<Removed> {
    return this.#removals.tag(tag, options);
  }

  /** Removes the keys that begin so: texts with a text, lists with the parts of a list. */
  async invalidatePrefix(beginning: string | readonly CacheKey[], options: RemoveOptions = {}): Promise<Removed> {
    return this.#removals.beginning(beginning, options);
  }

  /** Removes what the predicate says yes to, of the keys of this namespace. It is asked for each entry of each tier. */
  async invalidateWhere(
    predicate: (key: Key, entry: OwnInfo<Key>) => boolean,
    options: RemoveOptions = {},
  ): Promise<Removed> {
    return this.#removals.where(predicate, options);
  }

  /** Removes everything, namespaces in this one included. */
  async clear(options: RemoveOptions = {}): Promise<Removed> {
    return this.#removals.all(options);
  }

  /**
   * A view of the same cache, in the same tiers and under the same limits, whose keys and tags are apart. Loaders are
   * its own: those of the cache do not know its keys.
   */
  namespace<OwnKey extends CacheKey = Key, OwnValue extends Value = Value>(
    name: string,
    loaders: Loaders<OwnKey, OwnValue> = {},
  ): Cache<OwnKey, OwnValue> {
    // Keys and values pass through the core as they are, so that views of other types share it.
    const core = this.#core as unknown as CacheCore<OwnKey, OwnValue>;
    return new Cache(core, this.#prefix + namespacePrefix(name), loaders);
  }

  // ---- managing ----

  /** What is left out stays as it is. A lower maxAge is for what is held, too; the others are for what is written from now on. */
  setLifetime(lifetime: Lifetime): void {
    this.#core.setLifetime(lifetime);
  }

  /** Ends its loads, waits for what is being written, and lets go of everything. Calls after it reject. May be called again. */
  close(): Promise<void> {
    return this.#core.close();
  }

  #encode(key: Key): string {
    return this.#prefix === '' ? encodeKey(key) : this.#prefix + encodeKey(key);
  }
}

const NO_OPTIONS: LoadOptions = {};
