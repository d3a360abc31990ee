import { joinControl } from './control/join-control.js';
import { CacheCore } from './core.js';
import { POLICY_NAMES, type EvictionSetting } from '#libs/cache-policies';
import { decodeKey, encodeKey, namespacePrefix, type CacheKey } from './key/cache-key.js';
import type { Change } from './load/listeners.js';
import { Reads, type Loaders, type Warmed } from './load/reads.js';
import { Writes } from './load/writes.js';
import { inspectionOf, type Inspection } from './manage/inspect.js';
import type { OwnInfo } from './manage/own-info.js';
import { joinManager } from './manager/join-manager.js';
import { lifetimeOf } from './manage/host-settings.js';
import { keepHotKeys, saveHotKeys, savedHotKeys } from './manage/hot-keys.js';
import { Removals, type ByOption, type Removed, type RemoveOptions } from './manage/removals.js';
import { importSnapshot, snapshotOf, type Imported, type SnapshotPart } from './manage/snapshot.js';
import { statsOf, type CacheStats } from './manage/stats.js';
import { entriesOf, problemsOf } from './manage/walk.js';
import { warm } from './manage/warm.js';
import type { BatchLoader, CacheOptions, Lifetime, Loader, LoadOptions, WriteOptions } from './options.js';
import type { TierLimits, TierProblem } from './tier/tier.js';
import { requireFunction, requireIterable, requireObject } from './validate/arguments.js';
import { checkChange, checkEnd } from './validate/limits.js';

/**
 * Makes a cache. Tiers beyond memory open in the background: `ready()` says when they are, and whether they could be.
 * @throws CacheOptionsError that lists all that is wrong with the options; TypeError when its manager has one of that name
 */
export function createCache<Key extends CacheKey = string, Value = unknown>(
  options: CacheOptions<Key, Value>,
): Cache<Key, Value> {
  const core = new CacheCore(options);
  try {
    joinManager(core);
  } catch (problem) {
    void core.close();
    throw problem;
  }
  keepHotKeys(core);
  joinControl(core);
  return new Cache(core, '', options);
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

  /**
   * Resolves when all tiers are open; rejects with the first failure, in which case the cache goes on without that tier. A
   * server that is away is none: its tier is open, answers misses, and connects by itself.
   */
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
  getOrLoad(
    key: Key,
    loaderOrOptions?: Loader<Key, Value> | LoadOptions,
    moreOptions?: LoadOptions,
  ): Promise<Value | undefined> {
    // Not async: that would make a second promise for each miss.
    try {
      const encoded = this.#encode(key);
      const isLoader = typeof loaderOrOptions !== 'object';
      const options = (isLoader ? moreOptions : loaderOrOptions) ?? NO_OPTIONS;
      if (options.refresh !== true && this.#core.loading.earlyRefresh === 0) {
        const hit = this.#core.openMemory?.hit(encoded) as Value | undefined;
        if (hit !== undefined) return Promise.resolve(hit);
      }
      return Promise.resolve(this.#reads.getOrLoad(encoded, key, isLoader ? loaderOrOptions : undefined, options));
    } catch (error) {
      return Promise.reject(error as Error);
    }
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
    requireIterable(keys, 'keys', 'a list of keys');
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

  /**
   * Calls back when what the cache answers for the key may be another: it was written or loaded anew, or removed, also in
   * another process with a tier that both share. What runs out or is evicted is not told. Returns what ends it.
   */
  onChange(key: Key, listener: (change: Change<Value>) => void): () => void {
    requireFunction(listener, 'listener', 'a function of the change');
    return this.#core.listeners.add(this.#encode(key), listener as (change: Change<unknown>) => void);
  }

  // ---- writing ----

  /**
   * Writes to all tiers, to memory at once. Resolves to whether one of them keeps it. `undefined` says that there is no
   * value: it is remembered for `negativeTtl`, and what was held is gone.
   * @throws InvalidValueError; TypeError when a tier cannot write the value down: then no tier keeps it
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
    requireFunction(predicate, 'predicate', 'a function of the key and what is known of the entry');
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

  // ---- looking ----

  /** Exact counts of this cache since it was made, per tier and result: of all namespaces together. */
  stats(): CacheStats {
    return statsOf(this.#core);
  }

  /** All that is known of an entry in each tier that holds it, and why it is still there. */
  async inspect(key: Key): Promise<readonly Inspection[]> {
    this.#core.assertOpen();
    return inspectionOf(this.#core, this.#prefix, this.#encode(key));
  }

  /** The entries of this namespace, each once, hottest first as far as the nearest tier knows, without their values. */
  async *entries(): AsyncGenerator<OwnInfo<Key>> {
    this.#core.assertOpen();
    for await (const { own } of entriesOf(this.#core, this.#prefix)) yield own;
  }

  async *keys(): AsyncGenerator<Key> {
    for await (const { key } of this.entries()) yield key;
  }

  /** The `most` hottest keys, as far as the nearest tier knows. */
  async hotKeys(most: number): Promise<Key[]> {
    const hot: Key[] = [];
    if (most >= 1)
      for await (const key of this.keys()) {
        hot.push(key);
        if (hot.length >= most) break;
      }
    return hot;
  }

  /** Walks every tier and tells what is wrong; with `repair` it also removes it. */
  async *verify({ repair = false, by }: { readonly repair?: boolean } & ByOption = {}): AsyncGenerator<TierProblem> {
    this.#core.assertOpen();
    let entries = 0;
    try {
      for await (const problem of problemsOf(this.#core, repair)) {
        entries++;
        yield problem;
      }
    } finally {
      if (repair && entries > 0) this.#recordChange('repaired', by === undefined ? {} : { by }, { entries });
    }
  }

  // ---- managing ----

  /** Keeps an entry of the memory tier from being evicted; it still expires, and may be removed. False when it is not there. */
  pin(key: Key): boolean {
    this.#core.assertOpen();
    return this.#core.stack.memory?.pin(this.#encode(key)) ?? false;
  }

  unpin(key: Key): boolean {
    this.#core.assertOpen();
    return this.#core.stack.memory?.unpin(this.#encode(key)) ?? false;
  }

  /**
   * Brings keys in that are not held fresh, some hundred at a time: from farther tiers, or else loaded as `getMany` does.
   * Without keys: those that were the hottest when they were last written down, in this run or the one before.
   */
  async warm(
    keys?: Iterable<Key> | AsyncIterable<Key>,
    batchLoader?: BatchLoader<Key, Value>,
    options: LoadOptions & ByOption = NO_OPTIONS,
  ): Promise<Warmed> {
    if (keys !== undefined) requireIterable(keys, 'keys', 'a list of keys');
    const warmed = await warm(
      this.#core,
      this.#reads,
      keys ?? (await this.#savedKeys()),
      this.#encode,
      batchLoader,
      options,
    );
    this.#recordChange('warmed', options, { entries: warmed.loaded });
    return warmed;
  }

  /**
   * Writes the hottest keys of this namespace down in the farthest tier, for `warm()` in the next run. Those outside of
   * namespaces are written down without asking, now and then and by `close`: see the option `savedHotKeys`.
   */
  async saveHotKeys(most = 1_000): Promise<number> {
    this.#core.assertOpen();
    return saveHotKeys(this.#core, this.#prefix, most);
  }

  /** A snapshot of this namespace: plain objects, to be written down one by one. See `SnapshotPart`. */
  async *exportSnapshot(): AsyncGenerator<SnapshotPart> {
    this.#core.assertOpen();
    yield* snapshotOf(this.#core, this.#prefix);
  }

  /** Takes a snapshot into this namespace; entries are as old as they are. @throws SnapshotError */
  async importSnapshot(
    parts: AsyncIterable<SnapshotPart> | Iterable<SnapshotPart>,
    options: ByOption = {},
  ): Promise<Imported> {
    this.#core.assertOpen();
    requireIterable(parts, 'snapshot', 'its parts, such as those of exportSnapshot() or snapshotFile(…).read()');
    let entries = 0;
    try {
      const onLot = (imported: Imported) => void (entries = imported.entries);
      return await importSnapshot(this.#core, this.#prefix, parts, { onLot });
    } finally {
      if (entries > 0) this.#recordChange('imported', options, { entries });
    }
  }

  /** Gets and loads go to the origin, and nothing is kept, until `resume`. What is held stays; what is set or removed leaves. */
  pause(options: ByOption = {}): void {
    this.#core.assertOpen();
    this.#core.host.paused = true;
    this.#core.paused = true;
    this.#recordChange('settings', options, { settings: { paused: true } });
  }

  resume(options: ByOption = {}): void {
    this.#core.assertOpen();
    this.#core.host.paused = false;
    this.#core.paused = false;
    this.#recordChange('settings', options, { settings: { paused: false } });
  }

  /**
   * Changes the limits of a tier; a limit left out stays, and `Infinity` takes it away, of memory only while it has
   * another one. Resolves when the tier keeps to them. @throws TypeError
   */
  async resize(tier: string, limits: TierLimits, options: ByOption = {}): Promise<void> {
    this.#core.assertOpen();
    await this.#core.opened.catch(() => undefined);
    const found = this.#core.options.tiers.find(({ name }) => name === tier);
    if (found === undefined) throw new TypeError(`Cache ${this.name} has no tier ${tier}. See stats().tiers.`);
    requireObject(limits, 'limits', 'an object such as { maxBytes: 64 * 2 ** 20 }');
    checkChange(limits);
    if (found === this.#core.stack.memory) checkEnd(found.usage(), limits);
    await found.resize(limits);
    this.#core.host.resized(tier, limits);
    // JSON has no Infinity.
    const said = Object.entries(limits)
      .filter(([, limit]) => limit !== undefined)
      .map(([name, limit]) => [name, limit === Number.POSITIVE_INFINITY ? 'none' : limit]);
    this.#recordChange('settings', options, { settings: Object.fromEntries(said) }, tier);
  }

  /** Changes the policy of the memory tier while it runs; no entry is lost. @throws TypeError */
  usePolicy(policy: EvictionSetting, options: ByOption = {}): void {
    this.#core.assertOpen();
    const { memory } = this.#core.stack;
    if (memory === undefined) throw new TypeError(`Cache ${this.name} has no memory tier: no other has policies.`);
    if (policy !== 'adaptive' && !POLICY_NAMES.includes(policy))
      throw new TypeError(`${String(policy)} is no policy. Take one of adaptive, ${POLICY_NAMES.join(', ')}.`);
    memory.usePolicy(policy);
    this.#core.host.policy = policy;
    this.#recordChange('settings', options, { settings: { policy } });
  }

  /** How long entries live, as it was said. */
  get lifetime(): Lifetime {
    return this.#core.lifetimeSettings;
  }

  /** What is left out stays as it is. A lower maxAge is for what is held, too; the others are for what is written from now on. @throws CacheOptionsError */
  setLifetime(lifetime: Lifetime, options: ByOption = {}): void {
    this.#core.assertOpen();
    requireObject(lifetime, 'lifetime', "an object such as { ttl: '5m' }");
    const { host, lifetimeSettings } = this.#core;
    this.#core.setLifetime({ ...lifetimeSettings, ...lifetime });
    host.lifetime = lifetimeOf({ ...host.lifetime, ...lifetime });
    this.#recordChange('settings', options, { settings: { ...this.#core.lifetimeSettings } });
  }

  /** Ends its loads, waits for what is being written, and lets go of everything. Calls after it reject. May be called again. */
  close(): Promise<void> {
    return this.#core.close();
  }

  async #savedKeys(): Promise<Key[]> {
    this.#core.assertOpen();
    return (await savedHotKeys(this.#core, this.#prefix)).map((encoded) => decodeKey(encoded) as Key);
  }

  #recordChange(
    change: 'settings' | 'warmed' | 'imported' | 'repaired',
    { by = 'host' }: ByOption,
    more: { readonly entries?: number; readonly settings?: Record<string, string | number | boolean> },
    tier = this.#core.options.tiers[0].name,
  ): void {
    this.#core.record(tier, { change, by, ...more });
  }

  readonly #encode = (key: Key): string => (this.#prefix === '' ? encodeKey(key) : this.#prefix + encodeKey(key));
}

const NO_OPTIONS: LoadOptions & ByOption = {};
