import type { CacheGauges, RemovalCause } from '#libs/contracts';
import { matcher } from '../tier/selection.js';
import {
  TierUnavailableError,
  type Entry,
  type EntryInfo,
  type Selection,
  type Tier,
  type TierContext,
  type TierLimits,
  type TierLock,
  type TierProblem,
  type Touched,
} from '../tier/tier.js';

/** What several tiers of one store share, as processes share a server. */
export class FakeStore {
  readonly entries = new Map<string, Entry>();
  /** By key, when each ends: monotonic ms. */
  readonly locks = new Map<string, { until: number }>();
  readonly listeners = new Map<FakeFarTier, (selection: Selection) => void>();
}

/**
 * A tier beyond memory for tests: entries in a Map that several may share. It can be told to be away, and to be held up,
 * so that a test decides when a read or a write that is under way goes on.
 */
export class FakeFarTier implements Tier {
  readonly name: string;
  readonly shared = true;
  readonly store: FakeStore;
  /** Every operation fails while it is set. */
  away = false;
  /** Operations wait for it. */
  held: Promise<void> = Promise.resolve();
  reads = 0;
  #context: TierContext | undefined;

  constructor(store = new FakeStore(), name = 'far') {
    this.store = store;
    this.name = name;
  }

  async open(context: TierContext): Promise<void> {
    this.#context = context;
    context.recorder.gauges((): CacheGauges => this.usage());
  }

  async get(key: string): Promise<Entry | undefined> {
    this.reads++;
    // What it answers is what it held when it was asked, however long the answer takes.
    const entry = this.store.entries.get(key);
    await this.#reached();
    return entry;
  }

  async getMany(keys: readonly string[]): Promise<(Entry | undefined)[]> {
    this.reads++;
    const entries = keys.map((key) => this.store.entries.get(key));
    await this.#reached();
    return entries;
  }

  async set(key: string, entry: Entry): Promise<boolean> {
    await this.#reached();
    if (this.store.entries.has(key)) this.#context!.recorder.removed('replaced');
    this.store.entries.set(key, entry);
    this.#tell({ key });
    return true;
  }

  async remove(
    selection: Selection,
    { cause, dryRun = false }: { readonly cause: RemovalCause; readonly dryRun?: boolean },
  ): Promise<Touched> {
    await this.#reached();
    const matches = matcher(selection);
    const keys = [...this.store.entries.keys()].filter((key) => matches(this.#infoOf(key)));
    if (dryRun) return { entries: keys.length };
    for (const key of keys) this.store.entries.delete(key);
    if (keys.length > 0) this.#context!.recorder.removed(cause, keys.length);
    this.#tell(selection);
    return { entries: keys.length };
  }

  async *entries(): AsyncIterable<EntryInfo> {
    for (const key of this.store.entries.keys()) yield this.#infoOf(key);
  }

  usage() {
    return { entries: this.store.entries.size };
  }

  async resize(_limits: TierLimits): Promise<void> {
    await this.#reached();
  }

  /** A Map has nothing wrong with it. */
  async *verify(): AsyncIterable<TierProblem> {
    const problems: readonly TierProblem[] = [];
    yield* problems;
  }

  async close(): Promise<void> {
    this.store.listeners.delete(this);
  }

  async lock(key: string, ttlMs: number): Promise<TierLock | undefined> {
    await this.#reached();
    const { locks } = this.store;
    const now = this.#context!.clock.monotonic();
    if ((locks.get(key)?.until ?? 0) > now) return undefined;
    const lock = { until: now + ttlMs };
    locks.set(key, lock);
    return {
      renew: async (ttlMs) => {
        await this.#reached();
        if (locks.get(key) !== lock) return false;
        lock.until = this.#context!.clock.monotonic() + ttlMs;
        return true;
      },
      end: async () => {
        if (locks.get(key) === lock) locks.delete(key);
      },
    };
  }

  onRemoved(listener: (selection: Selection) => void): void {
    this.store.listeners.set(this, listener);
  }

  #tell(selection: Selection): void {
    for (const [tier, listener] of this.store.listeners) if (tier !== this) listener(selection);
  }

  async #reached(): Promise<void> {
    await this.held;
    if (this.away) throw new TierUnavailableError('The tier is away.');
  }

  #infoOf(key: string): EntryInfo {
    const { value: _, ...entry } = this.store.entries.get(key)!;
    return { ...entry, key, tier: this.name, bytes: 0, pinned: false };
  }
}
