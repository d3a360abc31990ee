import { Evictor, NONE, sampleOf, Slots, type EvictionSetting, type PolicyName } from '#libs/cache-policies';
import {
  NO_RECORDER,
  type AccessDetails,
  type RemovalCause,
  type SampledHash,
  type TierRecorder,
} from '#libs/contracts';
import { KeyHasher } from '#libs/sampling';
import type { Clock, Timer } from '#libs/time';
import type {
  Entry,
  EntryInfo,
  Selection,
  Tier,
  TierContext,
  TierLimits,
  TierProblem,
  TierUsage,
  Touched,
} from '../tier/tier.js';
import { CacheOptionsError, type OptionProblem } from '../errors.js';
import { memoryProblems } from '../validate/memory-options.js';
import { estimateBytes } from './estimate-bytes.js';

export interface MemoryOptions extends TierLimits {
  /** Default `adaptive`: the policy that suits the accesses best at the time. */
  readonly policy?: EvictionSetting;
  /** Bytes that a value takes, its key left out. Default: an estimate; 0 when there is no limit on bytes. */
  readonly weigher?: (value: unknown, key: string) => number;
  /** Bytes counted for an entry beside its value. Default: the length of its key and what it is measured to cost, `ENTRY_OVERHEAD_BYTES`. */
  readonly overheadBytes?: number;
  /** Entries that cost more to load stay longer, by up to three more turns before they leave. Default false. */
  readonly costAware?: boolean;
  /** Asked before an entry is kept; what it refuses counts as rejected. */
  readonly admit?: (key: string, bytes: number) => boolean;
}

/** What an entry costs beside its value and the characters of its key, bytes: measured, see docs/performance.md. */
export const ENTRY_OVERHEAD_BYTES = 112;

/** What is kept of a key here, beside when it was written. */
export interface Kept extends Omit<Entry, 'storedAt'> {
  /** A hit makes it fresh for so long again, ms; 0: it does not. */
  readonly slidingMs?: number;
  /** But never longer than so long after it was written, ms. */
  readonly maxAgeMs?: number;
}

/** An entry as it is at the moment it is looked at. */
export interface KeptEntry extends Entry {
  /** Since it was written, ms, 0 or more. */
  readonly ageMs: number;
}

/** How far the time that hits go by may be behind, ms, while the event loop runs: near its end an entry is judged by the clock. */
const TICK_MS = 20;
const IDLE_TICK_MS = 1_000;
/** Slots looked at with each tick, for entries whose time is over. */
const SWEPT_PER_TICK = 512;
/** Entries that leave with one operation, or one step in the background, after the limits were lowered. */
const SHRINK_STEP = 2_048;
/** Entries walked between two pauses, in operations for many. */
const WALKED_AT_ONCE = 4_096;
const MOST_LIVES = 3;
const HEAVIEST = 2 ** 32 - 1;

/** What few entries have. */
interface Extra {
  staleMs: number;
  revalidateMs: number | undefined;
  maxAgeMs: number;
  slidingMs: number;
  negative: boolean;
  pinned: boolean;
  version: string | undefined;
  tags: readonly string[] | undefined;
  loadMs: number | undefined;
}

/**
 * Entries in this process, under limits that may change while it runs: of bytes, of entries, or both. What each entry
 * needs lies in typed arrays, by slot; a hit is a look into a Map, a comparison of times and a count. Every operation is
 * O(1), amortized, but those that are for many entries.
 */
export class MemoryTier implements Tier {
  readonly name = 'memory';
  readonly shared = false;
  readonly #options: MemoryOptions;
  readonly #problems: readonly OptionProblem[];
  #index = new Map<string, number>();
  readonly #slots = new Slots();
  readonly #evictor: Evictor;
  #keys: (string | undefined)[] = [undefined];
  #values: unknown[] = [undefined];
  #extras: (Extra | undefined)[] = [undefined];
  /** When an entry was written, and until when it is fresh, ms of `#now`. */
  #written = new Float64Array(64);
  #freshUntil = new Float64Array(64).fill(Number.POSITIVE_INFINITY);
  #hashHi = new Uint32Array(64);
  #lives: Uint8Array<ArrayBuffer> | undefined;
  readonly #tags = new Map<string, Set<number>>();
  #bytes = 0;
  #pinned = 0;
  #maxBytes: number;
  #maxEntries: number;
  readonly #weighs: boolean;
  /** Mean of what a byte costs to load, as last seen. */
  #meanDensity = 0;

  #recorder: TierRecorder = NO_RECORDER;
  #hasher: KeyHasher | undefined;
  #clock: Clock | undefined;
  #start = 0;
  /** Some entry was given a sliding time to live. */
  #slides = false;
  /** Monotonic ms since the tier was opened, behind by up to a tick: asking the clock costs more than a hit. */
  #now = 0;
  #timer: Timer | undefined;
  #ticksFast = false;
  #used = false;
  #cursor = 1;
  /** Entries that have a time to live: without one, nothing ticks. */
  #timed = 0;
  #missedKey: string | undefined;
  #missedHash: SampledHash = { hi: 0, lo: 0 };

  constructor(options: MemoryOptions) {
    this.#options = options;
    this.#problems = memoryProblems(options);
    this.#evictor = new Evictor(this.#slots, this.#problems.length > 0 ? 'lru' : (options.policy ?? 'adaptive'));
    this.#maxBytes = options.maxBytes ?? Number.POSITIVE_INFINITY;
    this.#maxEntries = options.maxEntries ?? Number.POSITIVE_INFINITY;
    this.#weighs = options.maxBytes !== undefined || options.weigher !== undefined;
    if (options.costAware === true) this.#lives = new Uint8Array(64);
  }

  problems(): readonly OptionProblem[] {
    return this.#problems;
  }

  async open(context: TierContext): Promise<void> {
    this.attach(context);
  }

  /** What `open` does, at once. @throws CacheOptionsError; Error when the tier is another cache's already. */
  attach({ clock, random, recorder, cache }: TierContext): void {
    if (this.#problems.length > 0) throw new CacheOptionsError('this memory tier', this.#problems);
    if (this.#clock !== undefined) throw new Error(`A memory tier belongs to one cache; cache ${cache} needs its own.`);
    this.#clock = clock;
    this.#start = clock.monotonic();
    this.#recorder = recorder;
    this.#hasher = new KeyHasher(Uint8Array.from({ length: 16 }, () => Math.floor(random() * 256)));
    recorder.gauges(() => this.usage());
  }

  // ---- what the cache calls for every read and write, without a promise ----

  /**
   * The value of a fresh entry, counted as a hit; undefined for all else, counted as nothing. The clock is read for
   * entries near their end alone; code that holds the event loop for long may see one that ended meanwhile.
   */
  hit(key: string): unknown {
    const slot = this.#index.get(key);
    if (slot === undefined) return undefined;
    const value = this.#values[slot];
    const until = this.#freshUntil[slot]!;
    if (value === undefined) return undefined;
    if (until !== Number.POSITIVE_INFINITY && until <= this.#time() + TICK_MS && until <= this.#exactTime())
      return undefined;
    const recorder = this.#recorder;
    if (this.#hashHi[slot]! < recorder.threshold) recorder.hit(this.hashAt(slot), this.#detailsOf(slot));
    else recorder.hit();
    this.touch(slot);
    return value;
  }

  /** Where an entry is, whatever its state; NONE when it is not held. Counts nothing. */
  find(key: string): number {
    return this.#index.get(key) ?? NONE;
  }

  /** What is kept of an entry, judged by the clock. */
  entryAt(slot: number): KeptEntry {
    const now = this.#exactTime();
    const extra = this.#extras[slot];
    const written = this.#written[slot]!;
    const ageMs = Math.max(0, now - written);
    const freshMs = this.#freshUntil[slot]! - written;
    return {
      value: this.#values[slot],
      negative: extra?.negative ?? false,
      storedAt: this.#clock!.now() - ageMs,
      freshMs,
      staleMs: extra === undefined ? 0 : staleWithin(extra, freshMs),
      ageMs,
      ...(extra?.revalidateMs !== undefined && { revalidateMs: extra.revalidateMs }),
      ...(extra?.version !== undefined && { version: extra.version }),
      ...(extra?.tags !== undefined && { tags: extra.tags }),
      ...(extra?.loadMs !== undefined && { loadMs: extra.loadMs }),
    };
  }

  /** An entry was answered: its use counts for the policy, and lengthens a sliding time to live. */
  touch(slot: number): void {
    if (this.#slides) this.#slide(slot);
    this.#use(slot);
  }

  /** Counts a get that found the entry in this state. */
  count(result: 'hit' | 'stale' | 'negative' | 'miss', slot: number): void {
    const recorder = this.#recorder;
    if (this.#hashHi[slot]! < recorder.threshold) recorder[result](this.hashAt(slot), this.#detailsOf(slot));
    else recorder[result]();
  }

  /** Counts that an entry was written. */
  countWritten(key: string): void {
    const slot = this.#index.get(key);
    const recorder = this.#recorder;
    if (slot !== undefined && this.#hashHi[slot]! < recorder.threshold)
      recorder.written(this.hashAt(slot), this.#detailsOf(slot));
    else recorder.written();
  }

  hashAt(slot: number): SampledHash {
    return { hi: this.#hashHi[slot]!, lo: this.#slots.hash[slot]! };
  }

  /** Hash of a key that is not held, for sampling; made once for the read that missed and the write that follows. */
  missed(key: string): SampledHash {
    const hash = this.#hashOf(key);
    this.#missedKey = key;
    this.#missedHash = hash;
    if (sampleOf(hash.lo) < this.#evictor.sampleThreshold) this.#evictor.sampled(hash.lo);
    return hash;
  }

  /**
   * Writes an entry that is `ageMs` old. Says whether it was kept: what is heavier than the limits, or not admitted, is
   * not, and an older entry of the key is gone all the same.
   */
  put(key: string, entry: Kept, ageMs = 0): boolean {
    const bytes = this.#weigh(key, entry.value);
    const held = this.#index.get(key);
    const { admit } = this.#options;
    if (
      bytes > this.#maxBytes ||
      bytes > HEAVIEST ||
      this.#maxEntries < 1 ||
      (admit !== undefined && !admit(key, bytes))
    ) {
      if (held !== undefined) this.#drop(held, 'replaced');
      this.#recorder.removed('rejected');
      return false;
    }
    const slot = held === undefined ? this.#insert(key, bytes) : this.#replace(held, bytes);
    if (slot === NONE) return false;
    this.#fill(slot, entry, ageMs);
    return true;
  }

  /** Removes one entry, and counts why. Says whether it was held. */
  drop(key: string, cause: RemovalCause): boolean {
    const slot = this.#index.get(key);
    if (slot === undefined) return false;
    this.#drop(slot, cause);
    return true;
  }

  /** Nothing held is answered longer than so long after it was written, ms. O(entries), in one go. */
  capAge(maxAgeMs: number): void {
    for (const slot of this.#index.values()) {
      const latest = this.#written[slot]! + maxAgeMs;
      if (this.#freshUntil[slot]! > latest) {
        if (this.#freshUntil[slot] === Number.POSITIVE_INFINITY) this.#timed++;
        this.#freshUntil[slot] = latest;
      }
      const extra = this.#extras[slot];
      if (extra !== undefined) {
        extra.staleMs = Math.max(0, Math.min(extra.staleMs, latest - this.#freshUntil[slot]!));
        extra.maxAgeMs = Math.min(extra.maxAgeMs, maxAgeMs);
      }
    }
  }

  // ---- the port ----

  async get(key: string): Promise<Entry | undefined> {
    const slot = this.find(key);
    return slot === NONE ? undefined : this.entryAt(slot);
  }

  async getMany(keys: readonly string[]): Promise<(Entry | undefined)[]> {
    return Promise.all(keys.map((key) => this.get(key)));
  }

  async set(key: string, entry: Entry): Promise<boolean> {
    return this.put(key, entry, Math.max(0, this.#clock!.now() - entry.storedAt));
  }

  async remove(
    selection: Selection,
    { cause, dryRun = false }: { readonly cause: RemovalCause; readonly dryRun?: boolean },
  ): Promise<Touched> {
    if ('key' in selection) return this.#removeKey(selection.key, cause, dryRun);
    if ('all' in selection) return this.#removeAll(cause, dryRun);
    if ('tag' in selection) return this.#removeSlots([...(this.#tags.get(selection.tag) ?? [])], cause, dryRun);
    return this.#removeWhere(
      'prefix' in selection
        ? (slot) => this.#keys[slot]!.startsWith(selection.prefix)
        : (slot) => selection.where(this.#keys[slot]!, this.#infoOf(slot)),
      cause,
      dryRun,
    );
  }

  async *entries(): AsyncIterable<EntryInfo> {
    const order = [...this.#evictor.order()];
    const pinned = [...this.#index.values()].filter((slot) => this.#extras[slot]?.pinned === true);
    order.push(...pinned);
    for (let i = order.length - 1; i >= 0; i--) {
      const slot = order[i]!;
      if (this.#keys[slot] !== undefined) yield this.#infoOf(slot);
      if (i > 0 && i % WALKED_AT_ONCE === 0) await this.#clock!.sleep(0);
    }
  }

  /** What is known of one entry. */
  inspect(key: string): (EntryInfo & { readonly policy: PolicyName; readonly uses: number }) | undefined {
    const slot = this.find(key);
    if (slot === NONE) return undefined;
    return { ...this.#infoOf(slot), policy: this.#evictor.policy, uses: this.#slots.uses[slot]! };
  }

  usage(): TierUsage & { readonly entries: number; readonly pinned: number } {
    return {
      entries: this.#index.size,
      pinned: this.#pinned,
      ...(this.#weighs && { bytes: this.#bytes }),
      ...(this.#maxBytes !== Number.POSITIVE_INFINITY && { maxBytes: this.#maxBytes }),
      ...(this.#maxEntries !== Number.POSITIVE_INFINITY && { maxEntries: this.#maxEntries }),
    };
  }

  /** A limit that is left out stays as it is. */
  async resize({ maxBytes, maxEntries }: TierLimits): Promise<void> {
    if (maxBytes !== undefined) {
      if (!this.#weighs)
        throw new TypeError(
          'This memory tier does not weigh its entries: give it maxBytes or a weigher when it is made.',
        );
      this.#maxBytes = maxBytes;
    }
    if (maxEntries !== undefined) this.#maxEntries = maxEntries;
    while (this.#makeRoom(0, 0, SHRINK_STEP) && this.#isOver(0, 0)) await this.#clock!.sleep(0);
  }

  get policy(): PolicyName {
    return this.#evictor.policy;
  }

  get policySetting(): EvictionSetting {
    return this.#evictor.setting;
  }

  /** Changes the policy; no entry is lost, and none moves at once. O(1). */
  usePolicy(policy: EvictionSetting): void {
    this.#evictor.use(policy);
  }

  /** Keeps an entry from being evicted. It still expires, and may be invalidated. Says whether it is held. */
  pin(key: string): boolean {
    const slot = this.find(key);
    if (slot === NONE) return false;
    const extra = this.#extraOf(slot);
    if (!extra.pinned) {
      extra.pinned = true;
      this.#pinned++;
      this.#evictor.remove(slot);
    }
    return true;
  }

  unpin(key: string): boolean {
    const slot = this.find(key);
    if (slot === NONE || this.#extras[slot]?.pinned !== true) return false;
    this.#extras[slot].pinned = false;
    this.#pinned--;
    this.#evictor.add(slot);
    return true;
  }

  async *verify({ repair }: { readonly repair: boolean }): AsyncIterable<TierProblem> {
    let bytes = 0;
    let walked = 0;
    for (const [key, slot] of this.#index) {
      bytes += this.#weighs ? this.#slots.weight[slot]! : 0;
      if (this.#keys[slot] !== key)
        yield this.#problem('orphan', 'The index leads to the place of another entry.', key);
      if (this.#isOutdated(slot)) {
        yield this.#problem('expired', 'Its time is over, and it has not been swept out yet.', key);
        if (repair) this.#drop(slot, 'expired');
      }
      if (++walked % WALKED_AT_ONCE === 0) await this.#clock!.sleep(0);
    }
    const managed = this.#evictor.count + this.#pinned;
    if (managed !== this.#index.size)
      yield this.#problem('miscounted', `The policy knows ${managed} entries, and ${this.#index.size} are held.`);
    if (walked === this.#index.size && this.#weighs && bytes !== this.#bytes)
      yield this.#problem('miscounted', `The entries weigh ${bytes} bytes, and ${this.#bytes} are counted.`);
  }

  async close(): Promise<void> {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#ticksFast = false;
    this.#forgetAll();
  }

  // ---- entries ----

  #insert(key: string, bytes: number): number {
    if (!this.#makeRoom(1, bytes)) {
      this.#recorder.removed('rejected');
      return NONE;
    }
    const hash = this.#missedKey === key ? this.#missedHash : this.#hashOf(key);
    this.#missedKey = undefined;
    const slot = this.#slots.take(hash.lo, this.#weighs ? Math.max(1, bytes) : 1);
    if (slot >= this.#written.length) this.#grow();
    this.#index.set(key, slot);
    this.#keys[slot] = key;
    this.#hashHi[slot] = hash.hi;
    if (this.#weighs) this.#bytes += this.#slots.weight[slot]!;
    this.#evictor.add(slot);
    return slot;
  }

  #replace(slot: number, bytes: number): number {
    this.#recorder.removed('replaced');
    this.#clean(slot);
    const before = this.#slots.weight[slot]!;
    const after = this.#weighs ? Math.max(1, bytes) : 1;
    if (this.#weighs) this.#bytes += after - before;
    if (this.#extras[slot]?.pinned === true) this.#slots.weight[slot] = after;
    else {
      this.#evictor.reweigh(slot, after);
      this.#evictor.hit(slot);
    }
    // What is heavier now may push out others, or itself: then it was written, and has left again.
    const key = this.#keys[slot]!;
    const hasRoom = this.#makeRoom(0, 0);
    if (this.#index.get(key) !== slot) this.#recorder.written();
    else if (hasRoom) return slot;
    else {
      this.#take(slot);
      this.#recorder.removed('rejected');
    }
    return NONE;
  }

  #fill(slot: number, entry: Kept, ageMs: number): void {
    const written = (entry.freshMs === Number.POSITIVE_INFINITY ? this.#time() : this.#exactTime()) - ageMs;
    this.#values[slot] = entry.value;
    this.#written[slot] = written;
    this.#freshUntil[slot] = written + entry.freshMs;
    if (entry.freshMs !== Number.POSITIVE_INFINITY) this.#timed++;
    const { staleMs, revalidateMs, negative, version, tags, loadMs, slidingMs = 0 } = entry;
    if (
      staleMs > 0 ||
      revalidateMs !== undefined ||
      negative ||
      version !== undefined ||
      tags !== undefined ||
      loadMs !== undefined ||
      slidingMs > 0
    ) {
      const maxAgeMs = entry.maxAgeMs ?? Number.POSITIVE_INFINITY;
      const extra = { staleMs, revalidateMs, negative, version, tags, loadMs, slidingMs, maxAgeMs };
      Object.assign(this.#extraOf(slot), extra);
      if (slidingMs > 0) this.#slides = true;
    }
    if (tags !== undefined)
      for (const tag of tags) {
        const tagged = this.#tags.get(tag);
        if (tagged === undefined) this.#tags.set(tag, new Set([slot]));
        else tagged.add(slot);
      }
    if (this.#lives !== undefined && loadMs !== undefined)
      this.#lives[slot] = this.#livesFor(loadMs / this.#slots.weight[slot]!);
  }

  /** One more turn for each doubling of what a byte of the others costs. */
  #livesFor(density: number): number {
    this.#meanDensity += (density - this.#meanDensity) * (this.#meanDensity === 0 ? 1 : 0.01);
    const times = this.#meanDensity === 0 ? 1 : density / this.#meanDensity;
    return Math.max(0, Math.min(MOST_LIVES, Math.floor(Math.log2(times))));
  }

  /** Says whether there is room, having evicted at most `most` entries. */
  #makeRoom(entries: number, bytes: number, most = Number.POSITIVE_INFINITY): boolean {
    for (let evicted = 0; this.#isOver(entries, bytes); evicted++) {
      // Limits that were lowered are reached step by step: one write waits for no more than a step.
      if (evicted >= Math.min(most, SHRINK_STEP)) return true;
      const slot = this.#evictor.evict();
      if (slot === NONE) return false;
      if (this.#lives !== undefined && this.#lives[slot]! > 0) {
        this.#lives[slot]!--;
        this.#evictor.add(slot);
      } else {
        this.#forget(slot);
        this.#recorder.removed('evicted');
      }
    }
    return true;
  }

  #isOver(entries: number, bytes: number): boolean {
    return this.#index.size + entries > this.#maxEntries || this.#bytes + bytes > this.#maxBytes;
  }

  #drop(slot: number, cause: RemovalCause): void {
    const hash = this.#hashHi[slot]! < this.#recorder.threshold ? this.hashAt(slot) : undefined;
    this.#take(slot);
    this.#recorder.removed(cause, 1, hash);
  }

  /** Takes an entry out; whoever calls counts why. */
  #take(slot: number): void {
    if (this.#extras[slot]?.pinned === true) this.#pinned--;
    else this.#evictor.remove(slot);
    this.#forget(slot);
  }

  /** Lets go of an entry that no policy holds any more. */
  #forget(slot: number): void {
    this.#clean(slot);
    this.#index.delete(this.#keys[slot]!);
    this.#keys[slot] = undefined;
    this.#values[slot] = undefined;
    this.#extras[slot] = undefined;
    if (this.#weighs) this.#bytes -= this.#slots.weight[slot]!;
    if (this.#lives !== undefined) this.#lives[slot] = 0;
    this.#slots.free(slot);
  }

  /** Undoes what the last write did beside the value. */
  #clean(slot: number): void {
    if (this.#freshUntil[slot] !== Number.POSITIVE_INFINITY) this.#timed--;
    this.#freshUntil[slot] = Number.POSITIVE_INFINITY;
    const extra = this.#extras[slot];
    if (extra === undefined) return;
    for (const tag of extra.tags ?? []) {
      const tagged = this.#tags.get(tag);
      tagged?.delete(slot);
      if (tagged?.size === 0) this.#tags.delete(tag);
    }
    if (extra.pinned) this.#extras[slot] = { ...NO_EXTRA, pinned: true };
    else this.#extras[slot] = undefined;
  }

  #forgetAll(): void {
    this.#index = new Map();
    this.#slots.clear();
    this.#evictor.clear();
    this.#keys = [undefined];
    this.#values = [undefined];
    this.#extras = [undefined];
    this.#freshUntil.fill(Number.POSITIVE_INFINITY);
    this.#lives?.fill(0);
    this.#tags.clear();
    this.#bytes = this.#pinned = this.#timed = 0;
    this.#cursor = 1;
    this.#missedKey = undefined;
  }

  #grow(): void {
    const capacity = this.#slots.next.length;
    this.#written = copied(this.#written, new Float64Array(capacity));
    this.#freshUntil = copied(this.#freshUntil, new Float64Array(capacity).fill(Number.POSITIVE_INFINITY));
    this.#hashHi = copied(this.#hashHi, new Uint32Array(capacity));
    if (this.#lives !== undefined) this.#lives = copied(this.#lives, new Uint8Array(capacity));
  }

  #weigh(key: string, value: unknown): number {
    if (!this.#weighs) return 0;
    const { weigher, overheadBytes = key.length + ENTRY_OVERHEAD_BYTES } = this.#options;
    const bytes = Math.ceil(weigher === undefined ? estimateBytes(value) : weigher(value, key));
    if (!(bytes >= 0)) throw new TypeError(`The weigher gave ${bytes} for a value; give its size in bytes, 0 or more.`);
    return Math.max(1, bytes + overheadBytes);
  }

  #use(slot: number): void {
    const evictor = this.#evictor;
    const counted = evictor.usesCounted;
    if (counted > 0) {
      const { uses } = this.#slots;
      if (uses[slot]! < counted) uses[slot]!++;
    } else if (this.#extras[slot]?.pinned !== true) evictor.hit(slot);
    const hash = this.#slots.hash[slot]!;
    if (sampleOf(hash) < evictor.sampleThreshold) evictor.sampled(hash);
  }

  #slide(slot: number): void {
    const extra = this.#extras[slot];
    // What is stale is not made fresh by being answered: its origin is asked.
    if (extra === undefined || extra.slidingMs === 0 || this.#freshUntil[slot]! <= this.#now) return;
    const until = Math.min(this.#now + extra.slidingMs, this.#written[slot]! + extra.maxAgeMs);
    if (until > this.#freshUntil[slot]!) this.#freshUntil[slot] = until;
  }

  #detailsOf(slot: number): AccessDetails {
    const written = this.#written[slot]!;
    const freshUntil = this.#freshUntil[slot]!;
    const loadMs = this.#extras[slot]?.loadMs;
    return {
      ageMs: Math.round(Math.max(0, this.#now - written)),
      ...(this.#weighs && { bytes: this.#slots.weight[slot]! }),
      ...(freshUntil !== Number.POSITIVE_INFINITY && { ttlMs: Math.round(freshUntil - written) }),
      ...(loadMs !== undefined && { costNs: Math.round(loadMs * 1e6) }),
    };
  }

  #hashOf(key: string): SampledHash {
    return this.#recorder.hashKey(key) ?? this.#hasher!.hash(key);
  }

  #extraOf(slot: number): Extra {
    return (this.#extras[slot] ??= { ...NO_EXTRA });
  }

  #infoOf(slot: number): EntryInfo {
    const entry = this.entryAt(slot);
    const { storedAt, freshMs, staleMs, negative, version, tags } = entry;
    return {
      key: this.#keys[slot]!,
      tier: this.name,
      bytes: this.#weighs ? this.#slots.weight[slot]! : 0,
      storedAt,
      freshMs,
      staleMs,
      negative,
      pinned: this.#extras[slot]?.pinned ?? false,
      ...(version !== undefined && { version }),
      ...(tags !== undefined && { tags }),
    };
  }

  // ---- many at once ----

  #removeKey(key: string, cause: RemovalCause, dryRun: boolean): Touched {
    const slot = this.find(key);
    return this.#removeSlots(slot === NONE ? [] : [slot], cause, dryRun);
  }

  #removeSlots(slots: readonly number[], cause: RemovalCause, dryRun: boolean): Touched {
    let bytes = 0;
    for (const slot of slots) {
      bytes += this.#weighs ? this.#slots.weight[slot]! : 0;
      if (!dryRun) this.#drop(slot, cause);
    }
    return { entries: slots.length, ...(this.#weighs && { bytes }) };
  }

  #removeAll(cause: RemovalCause, dryRun: boolean): Touched {
    const touched = { entries: this.#index.size, ...(this.#weighs && { bytes: this.#bytes }) };
    if (!dryRun && touched.entries > 0) {
      this.#forgetAll();
      this.#recorder.removed(cause, touched.entries);
    }
    return touched;
  }

  async #removeWhere(wanted: (slot: number) => boolean, cause: RemovalCause, dryRun: boolean): Promise<Touched> {
    // It walks in steps: what is written meanwhile is not meant.
    const asked = this.#exactTime();
    let entries = 0;
    let bytes = 0;
    let walked = 0;
    for (const slot of this.#index.values()) {
      if (this.#written[slot]! <= asked && wanted(slot)) {
        entries++;
        bytes += this.#removeSlots([slot], cause, dryRun).bytes ?? 0;
      }
      if (++walked % WALKED_AT_ONCE === 0) await this.#clock!.sleep(0);
    }
    return { entries, ...(this.#weighs && { bytes }) };
  }

  #problem(problem: TierProblem['problem'], message: string, key?: string): TierProblem {
    return { tier: this.name, problem, message, ...(key !== undefined && { key }) };
  }

  // ---- time ----

  #time(): number {
    this.#used = true;
    if (!this.#ticksFast) this.#wake();
    return this.#now;
  }

  /** The time by the clock: some 90 ns. */
  #exactTime(): number {
    if (!this.#ticksFast) this.#wake();
    return (this.#now = this.#clock!.monotonic() - this.#start);
  }

  /** Sweeps nothing: whoever asks for the time has a slot in hand. */
  #wake(): void {
    this.#timer?.cancel();
    this.#ticksFast = true;
    this.#now = this.#clock!.monotonic() - this.#start;
    this.#setTimer(TICK_MS);
  }

  #tick(): void {
    this.#now = this.#clock!.monotonic() - this.#start;
    this.#sweep();
    // Asleep, it only sweeps, and only while there is something that can expire.
    if (!this.#used) this.#ticksFast = false;
    this.#used = false;
    if (this.#ticksFast) this.#setTimer(TICK_MS);
    else if (this.#timed > 0) this.#setTimer(IDLE_TICK_MS);
    else this.#timer = undefined;
  }

  #setTimer(delayMs: number): void {
    this.#timer = this.#clock!.setTimer(() => this.#tick(), delayMs, { unref: true });
  }

  #sweep(): void {
    if (this.#timed === 0) return;
    const end = this.#slots.end;
    for (let looks = Math.min(SWEPT_PER_TICK, end - 1); looks > 0; looks--) {
      if (++this.#cursor >= end) this.#cursor = 1;
      if (this.#keys[this.#cursor] === undefined || !this.#isOutdated(this.#cursor)) continue;
      this.#drop(this.#cursor, 'expired');
    }
  }

  /** Past its time to live, and past the time for which it may be answered stale. */
  #isOutdated(slot: number): boolean {
    return this.#freshUntil[slot]! + (this.#extras[slot]?.staleMs ?? 0) <= this.#now;
  }
}

/** How long it may be answered stale when it is fresh for so long: what slides does not live longer than its maxAge. */
function staleWithin({ staleMs, maxAgeMs }: Extra, freshMs: number): number {
  return maxAgeMs === Number.POSITIVE_INFINITY ? staleMs : Math.max(0, Math.min(staleMs, maxAgeMs - freshMs));
}

/** A memory tier, for one cache. What is wrong with its options the cache tells, together with its own. */
export function memory(options: MemoryOptions): MemoryTier {
  return new MemoryTier(options);
}

const NO_EXTRA: Extra = {
  staleMs: 0,
  revalidateMs: undefined,
  maxAgeMs: Number.POSITIVE_INFINITY,
  slidingMs: 0,
  negative: false,
  pinned: false,
  version: undefined,
  tags: undefined,
  loadMs: undefined,
};

function copied<Numbers extends Uint8Array | Uint32Array | Float64Array>(from: Numbers, to: Numbers): Numbers {
  to.set(from);
  return to;
}
