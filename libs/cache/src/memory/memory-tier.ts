import { ALL_SAMPLED, Evictor, NONE, sampleOf, type EvictionSetting, type PolicyName } from '#libs/cache-policies';
import {
  NO_RECORDER,
  type RemovalCause,
  type RequestResult,
  type SampledHash,
  type TierRecorder,
} from '#libs/contracts';
import { KeyHasher } from '#libs/sampling';
import { CacheOptionsError, type OptionProblem } from '../errors.js';
import type {
  Entry,
  EntryInfo,
  Selection,
  Stay,
  Tier,
  TierContext,
  TierLimits,
  TierProblem,
  TierUsage,
  Touched,
} from '../tier/tier.js';
import { memoryProblems } from '../validate/memory-options.js';
import { EntryTable, GHOST_BITS, hasExtra } from './entry-table.js';
import { accessDetails, entryInfo, keptEntry } from './entry-views.js';
import { estimateBytes } from './estimate-bytes.js';
import { Ghosts } from '../tier/ghosts.js';
import {
  ENTRY_OVERHEAD_BYTES,
  EXTRA_BYTES,
  TAG_BYTES,
  type Kept,
  type KeptEntry,
  type MemoryOptions,
} from './memory-options.js';
import { SpareCostly } from './spare-costly.js';
import { TICK_MS, TierTime } from './tier-time.js';
import { removeSlots, removeWhere, verifyTable, walkInfos, type Walked } from './walks.js';

/** Slots looked at with each tick, for entries whose time is over. */
const SWEPT_PER_TICK = 512;
/** Entries that leave with one operation, or one step in the background, after the limits were lowered. */
const SHRINK_STEP = 2_048;
const HEAVIEST = 2 ** 32 - 1;
/** A recorder's threshold is out of so many. */
const HASHES = 2 ** 32;
/** Of so many hits one is timed, and the age of what it found looked at: about, so that no rhythm hides from it. */
const HITS_PER_LOOK = 256;

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
  readonly #table: EntryTable;
  readonly #evictor: Evictor;
  readonly #costs = new SpareCostly();
  readonly #ghosts = new Ghosts();
  #maxBytes: number;
  #maxEntries: number;
  #recorder: TierRecorder = NO_RECORDER;
  #hasher: KeyHasher | undefined;
  #time: TierTime | undefined;
  #cursor = 1;
  /** Hits until the next one that is looked at, and how many it was when hits were handed in last: the difference is due. */
  #hitsLeft = HITS_PER_LOOK;
  #hitsLeftSettled = HITS_PER_LOOK;
  /** What the hits that are due have saved, µs. */
  #savedUs = 0;
  /** Hits of keys with `sampleOf(hash)` below it are told, to the recorder or the policy or both. */
  #watchBelow = 0;
  /** In a list, so that the compiler does not make them a part of every hit, which then is no part of its caller any more. */
  readonly #told: readonly ((slot: number) => void)[] = [
    (slot) => this.count('hit', slot),
    (slot) => this.#tellPolicy(this.#table.slots.hash[slot]!),
    () => this.#watch(),
  ];
  #endSettling: () => void = () => undefined;
  #random = () => 0.5;
  #missedKey: string | undefined;
  #missedHash: SampledHash = { hi: 0, lo: 0 };

  constructor(options: MemoryOptions) {
    this.#options = options;
    this.#problems = memoryProblems(options);
    this.#table = new EntryTable(
      options.maxBytes !== undefined || options.weigher !== undefined,
      options.costAware === true,
    );
    this.#evictor = new Evictor(this.#table.slots, this.#problems.length > 0 ? 'lru' : (options.policy ?? 'adaptive'));
    this.#maxBytes = options.maxBytes ?? Number.POSITIVE_INFINITY;
    this.#maxEntries = options.maxEntries ?? Number.POSITIVE_INFINITY;
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
    if (this.#time !== undefined) throw new Error(`A memory tier belongs to one cache; cache ${cache} needs its own.`);
    this.#time = new TierTime(clock, () => this.#sweep());
    this.#recorder = recorder;
    this.#random = random;
    this.#hasher = new KeyHasher(Uint8Array.from({ length: 16 }, () => Math.floor(random() * 256)));
    recorder.gauges(() => this.usage());
    this.#endSettling = recorder.settles(() => this.#settle());
    this.#settle();
  }

  // ---- what the cache calls for every read and write, without a promise ----

  /**
   * The value of a fresh entry, counted as a hit; undefined for all else, counted as nothing. The clock is read for
   * entries near their end alone; code that holds the event loop for long may see one that ended meanwhile.
   */
  hit(key: string): unknown {
    if (this.#hitsLeft === 0) return this.#lookAtHit(key);
    const table = this.#table;
    const slot = table.index.get(key);
    if (slot === undefined) return undefined;
    const value = table.values[slot];
    if (value === undefined) return undefined;
    const until = table.freshUntil[slot]!;
    if (until !== Number.POSITIVE_INFINITY && until <= this.#time!.sureFrom && this.#isOver(until)) return undefined;
    // No call and nobody else's fields: they would be a fifth of a hit.
    this.#hitsLeft--;
    this.#use(slot);
    if (sampleOf(table.slots.hash[slot]!) < this.#watchBelow) this.#tellHit(slot);
    else this.#savedUs += table.facts[slot]! >>> GHOST_BITS;
    return value;
  }

  /** Where an entry is, whatever its state; NONE when it is not held. Counts nothing. */
  find(key: string): number {
    return this.#table.index.get(key) ?? NONE;
  }

  /** What is kept of an entry, judged by the clock. */
  entryAt(slot: number): KeptEntry {
    return keptEntry(this.#table, slot, this.#moment());
  }

  /** An entry was answered: its use counts for the policy, and lengthens a sliding time to live. */
  touch(slot: number): void {
    this.#use(slot);
    this.#tellPolicy(this.#table.slots.hash[slot]!);
  }

  #use(slot: number): void {
    const table = this.#table;
    if (table.slides) table.slide(slot, this.#time!);
    const evictor = this.#evictor;
    const counted = evictor.usesCounted;
    const { slots } = table;
    if (counted > 0) {
      const { uses } = slots;
      if (uses[slot]! < counted) uses[slot]!++;
    } else if (!table.isPinned(slot)) evictor.hit(slot);
  }

  /** An access, hit or miss: an adaptive policy looks at some. */
  #tellPolicy(hash: number): void {
    if (sampleOf(hash) < this.#evictor.sampleThreshold) {
      this.#evictor.sampled(hash);
      this.#watch();
    }
  }

  /** Who wants to be told of which hits may have changed. */
  #watch(): void {
    const recorded = Math.ceil((this.#recorder.threshold / HASHES) * ALL_SAMPLED);
    // A small integer: another number would be kept elsewhere, and each hit would have to look there.
    this.#watchBelow = Math.max(recorded, this.#evictor.sampleThreshold) | 0;
  }

  /** A hit that somebody may want to know of: counted by the recorder, and not here. */
  #tellHit(slot: number): void {
    this.#hitsLeftSettled--;
    for (let i = 0; i < this.#told.length; i++) this.#told[i]!(slot);
  }

  /** Hands in the hits that were counted here. */
  #settle(): void {
    const hits = this.#hitsLeftSettled - this.#hitsLeft;
    if (hits > 0) this.#recorder.hits(hits, this.#savedUs);
    this.#hitsLeftSettled = this.#hitsLeft;
    this.#savedUs = 0;
    this.#watch();
  }

  /** Counts a get that found the entry in this state. */
  count(result: 'hit' | 'stale' | 'negative' | 'miss', slot: number): void {
    const recorder = this.#recorder;
    const table = this.#table;
    const isSampled = table.slots.hash[slot]! < recorder.threshold;
    const hash = isSampled ? table.hashOf(slot) : undefined;
    const details = isSampled ? accessDetails(table, slot, this.#time!.now) : undefined;
    if (result === 'hit') recorder.hit(hash, details, table.costUs(slot));
    else recorder[result](hash, details);
    if (result !== 'miss') return;
    // It was loaded by now: it was a ghost when whoever counts missed it.
    const ghost = table.ghostOf(slot);
    if (ghost > 0 && table.freshUntil[slot]! > this.#time!.now) recorder.ghostHit(2 ** (ghost - 1));
  }

  /** Counts that an entry was written. */
  countWritten(key: string): void {
    const table = this.#table;
    const slot = table.index.get(key);
    const recorder = this.#recorder;
    if (slot !== undefined && table.slots.hash[slot]! < recorder.threshold)
      recorder.written(table.hashOf(slot), accessDetails(table, slot, this.#time!.now));
    else recorder.written();
    if (slot !== undefined && table.weighs) recorder.writeSize(table.bytesOf(slot));
  }

  /** Counts a get of a key that is not held. */
  countMissed(result: RequestResult, key: string): void {
    const hash = this.missed(key);
    this.#recorder[result](hash);
    const ghostHits = result === 'miss' ? this.#ghosts.hits(hash, this.#time!.coarse()) : 0;
    if (ghostHits > 0) this.#recorder.ghostHit(ghostHits);
  }

  ghostHits(key: string): number {
    return this.#ghosts.hits(this.#hashOf(key), this.#time!.coarse());
  }

  /** Hash of a key that is not held, for sampling; made once for the read that missed and the write that follows. */
  missed(key: string): SampledHash {
    const hash = this.#hashOf(key);
    this.#missedKey = key;
    this.#missedHash = hash;
    this.#tellPolicy(hash.hi);
    return hash;
  }

  /**
   * Writes an entry that is `ageMs` old. Says whether it was kept: what is heavier than the limits, or not admitted, is
   * not, and an older entry of the key is gone all the same.
   */
  put(key: string, entry: Kept, ageMs = 0): boolean {
    const bytes = this.#weigh(key, entry);
    const held = this.#table.index.get(key);
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
    const time = this.#time!;
    this.#table.fill(slot, entry, (entry.freshMs === Number.POSITIVE_INFINITY ? time.coarse() : time.exact()) - ageMs);
    const { lives, slots } = this.#table;
    if (lives !== undefined && entry.loadMs !== undefined)
      lives[slot] = this.#costs.livesFor(entry.loadMs / slots.weight[slot]!);
    return true;
  }

  /** Removes one entry, and counts why. Says whether it was held. */
  drop(key: string, cause: RemovalCause): boolean {
    const slot = this.#table.index.get(key);
    if (slot === undefined) {
      this.#forgetGhost(key);
      return false;
    }
    this.#drop(slot, cause);
    return true;
  }

  /** Nothing held is answered longer than so long after it was written, ms. O(entries), in one go. */
  capAge(maxAgeMs: number): void {
    this.#table.capAge(maxAgeMs);
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
    const kept = this.put(key, entry, Math.max(0, this.#time!.clock.now() - entry.storedAt));
    if (kept && this.#table.weighs) this.#recorder.writeSize(this.#table.bytesOf(this.find(key)));
    return kept;
  }

  async remove(
    selection: Selection,
    { cause, dryRun = false }: { readonly cause: RemovalCause; readonly dryRun?: boolean },
  ): Promise<Touched> {
    const table = this.#table;
    if ('all' in selection) return this.#removeAll(cause, dryRun);
    if ('key' in selection) {
      const slot = this.find(selection.key);
      if (slot === NONE && !dryRun) this.#forgetGhost(selection.key);
      return removeSlots(this.#walked, slot === NONE ? [] : [slot], cause, dryRun);
    }
    if ('tag' in selection) return removeSlots(this.#walked, [...(table.tags.get(selection.tag) ?? [])], cause, dryRun);
    return removeWhere(
      this.#walked,
      'prefix' in selection
        ? (slot) => table.keys[slot]!.startsWith(selection.prefix)
        : (slot) => selection.where(table.keys[slot]!, this.#infoOf(slot)),
      cause,
      dryRun,
    );
  }

  async *entries(): AsyncIterable<EntryInfo> {
    const table = this.#table;
    const pinned = [...table.index.values()].filter((slot) => table.isPinned(slot));
    yield* walkInfos(this.#walked, [...this.#evictor.order(), ...pinned]);
  }

  /** What is known of one entry. */
  inspect(key: string): (EntryInfo & { readonly policy: PolicyName; readonly uses: number }) | undefined {
    const slot = this.find(key);
    if (slot === NONE) return undefined;
    return { ...this.#infoOf(slot), policy: this.#evictor.policy, uses: this.#table.slots.uses[slot]! };
  }

  async explain(key: string): Promise<Stay | undefined> {
    const known = this.inspect(key);
    if (known === undefined) return undefined;
    const { bytes, uses, pinned, policy } = known;
    const because = pinned ? 'pinned: not evicted' : `${policy} has not had to evict it`;
    const { usesCounted } = this.#evictor;
    const counted = usesCounted > 0 && { usesCountedTo: usesCounted };
    return { ...(this.#table.weighs && { bytes }), uses, ...counted, pinned, because };
  }

  usage(): TierUsage & { readonly entries: number; readonly pinned: number } {
    const { index, pinned, weighs, bytes } = this.#table;
    return {
      entries: index.size,
      pinned,
      ...(weighs && { bytes }),
      ...(this.#maxBytes !== Number.POSITIVE_INFINITY && { maxBytes: this.#maxBytes }),
      ...(this.#maxEntries !== Number.POSITIVE_INFINITY && { maxEntries: this.#maxEntries }),
    };
  }

  /** A limit that is left out stays as it is. */
  async resize({ maxBytes, maxEntries }: TierLimits): Promise<void> {
    if (maxBytes !== undefined) {
      if (!this.#table.weighs)
        throw new TypeError(
          'This memory tier does not weigh its entries: give it maxBytes or a weigher when it is made.',
        );
      this.#maxBytes = maxBytes;
    }
    if (maxEntries !== undefined) this.#maxEntries = maxEntries;
    while (this.#makeRoom(0, 0) && this.#isFull(0, 0)) await this.#time!.clock.sleep(0);
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
    this.#watch();
  }

  /** Keeps an entry from being evicted. It still expires, and may be invalidated. Says whether it is held. */
  pin(key: string): boolean {
    const slot = this.find(key);
    if (slot === NONE) return false;
    const extra = this.#table.extraOf(slot);
    if (!extra.pinned) {
      extra.pinned = true;
      this.#table.pinned++;
      this.#evictor.remove(slot);
    }
    return true;
  }

  unpin(key: string): boolean {
    const slot = this.find(key);
    if (slot === NONE || !this.#table.isPinned(slot)) return false;
    this.#table.extraOf(slot).pinned = false;
    this.#table.pinned--;
    this.#evictor.add(slot);
    return true;
  }

  verify({ repair }: { readonly repair: boolean }): AsyncIterable<TierProblem> {
    return verifyTable(this.#walked, repair, () => this.#evictor.count);
  }

  async close(): Promise<void> {
    this.#time?.stop();
    this.#settle();
    this.#endSettling();
    this.#forgetAll();
  }

  // ---- entries ----

  #insert(key: string, bytes: number): number {
    const hash = this.#missedKey === key ? this.#missedHash : this.#hashOf(key);
    this.#missedKey = undefined;
    // Before there is room for it: who leaves now must not push it out of the ghosts.
    const ghost = this.#ghosts.hits(hash, this.#time!.coarse()) > 0 ? this.#ghosts.halvings + 1 : 0;
    if (ghost > 0) this.#ghosts.forget(hash);
    if (!this.#makeRoom(1, bytes)) {
      this.#recorder.removed('rejected');
      return NONE;
    }
    const slot = this.#table.add(key, hash, bytes, ghost);
    this.#evictor.add(slot);
    // With the first miss after a rest, an adaptive policy looks at accesses again.
    if (this.#watchBelow < this.#evictor.sampleThreshold) this.#watch();
    return slot;
  }

  #replace(slot: number, bytes: number): number {
    const table = this.#table;
    this.#recorder.removed('replaced');
    table.clean(slot);
    const before = table.bytesOf(slot);
    const after = table.weighs ? Math.max(1, bytes) : 1;
    if (table.isPinned(slot)) table.slots.weight[slot] = after;
    else {
      this.#evictor.reweigh(slot, after);
      this.#evictor.hit(slot);
    }
    const more = table.bytesOf(slot) - before;
    table.bytes += more;
    // What is heavier now may push out others, or itself: then it was written, and has left again.
    const key = table.keys[slot]!;
    const hasRoom = this.#makeRoom(0, 0, table.bytes - more);
    if (table.index.get(key) !== slot) this.#recorder.written();
    else if (hasRoom) return slot;
    else {
      this.#take(slot);
      this.#recorder.removed('rejected');
    }
    return NONE;
  }

  /**
   * Says whether there is room for so much more. Limits that were lowered are reached step by step: a write waits for no
   * more than a step of that, but adds nothing to what was held before it, or `since`. O(entries evicted).
   */
  #makeRoom(entries: number, bytes: number, since = this.#table.bytes): boolean {
    const { lives, index } = this.#table;
    const before = index.size;
    for (let evicted = 0; this.#isFull(entries, bytes); evicted++) {
      if (evicted >= SHRINK_STEP && index.size + entries <= before && this.#table.bytes + bytes <= since) return true;
      const slot = this.#evictor.evict();
      if (slot === NONE) return false;
      if (lives !== undefined && lives[slot]! > 0) {
        lives[slot]!--;
        this.#evictor.add(slot);
      } else {
        this.#noteEvicted(slot);
        this.#table.free(slot);
        this.#recorder.removed('evicted');
      }
    }
    return true;
  }

  #noteEvicted(slot: number): void {
    const table = this.#table;
    const now = this.#time!.coarse();
    this.#recorder.timeToEviction(Math.max(0, now - table.written[slot]!));
    if (sampleOf(table.slots.hash[slot]!) >= this.#ghosts.threshold) return;
    const until = table.freshUntil[slot]! + (table.extras[slot]?.staleMs ?? 0);
    this.#ghosts.add(table.hashOf(slot), table.bytesOf(slot), until, this.#maxEntries, this.#maxBytes);
  }

  /** What was evicted was then removed: a tier of any size would miss it. */
  #forgetGhost(key: string): void {
    if (this.#ghosts.size > 0) this.#ghosts.forget(this.#hashOf(key));
  }

  /** A hit like others, timed. */
  #lookAtHit(key: string): unknown {
    this.#settle();
    this.#hitsLeft = this.#hitsLeftSettled = Math.round(HITS_PER_LOOK * (0.5 + this.#random()));
    const { clock } = this.#time!;
    const start = clock.monotonic();
    const value = this.hit(key);
    if (value === undefined) return undefined;
    this.#recorder.getTook((clock.monotonic() - start) * 1e6);
    this.#recorder.ageAtHit(Math.max(0, this.#time!.exact() - this.#table.written[this.find(key)]!));
    return value;
  }

  #isFull(entries: number, bytes: number): boolean {
    return this.#table.index.size + entries > this.#maxEntries || this.#table.bytes + bytes > this.#maxBytes;
  }

  #drop(slot: number, cause: RemovalCause): void {
    const table = this.#table;
    const hash = table.slots.hash[slot]! < this.#recorder.threshold ? table.hashOf(slot) : undefined;
    this.#take(slot);
    this.#recorder.removed(cause, 1, hash);
  }

  /** Takes an entry out; whoever calls counts why. */
  #take(slot: number): void {
    if (this.#table.isPinned(slot)) this.#table.pinned--;
    else this.#evictor.remove(slot);
    this.#table.free(slot);
  }

  #removeAll(cause: RemovalCause, dryRun: boolean): Touched {
    const { index, weighs, bytes } = this.#table;
    const touched = { entries: index.size, ...(weighs && { bytes }) };
    if (dryRun) return touched;
    this.#forgetAll();
    if (touched.entries > 0) this.#recorder.removed(cause, touched.entries);
    return touched;
  }

  #forgetAll(): void {
    this.#table.clear();
    this.#evictor.clear();
    this.#ghosts.clear();
    this.#cursor = 1;
    this.#missedKey = undefined;
  }

  #weigh(key: string, entry: Kept): number {
    if (!this.#table.weighs) return 0;
    const { value } = entry;
    const { weigher, overheadBytes = overheadOf(key, entry) } = this.#options;
    const bytes = Math.ceil(weigher === undefined ? estimateBytes(value) : weigher(value, key));
    if (!(bytes >= 0)) throw new TypeError(`The weigher gave ${bytes} for a value; give its size in bytes, 0 or more.`);
    return Math.max(1, bytes + overheadBytes);
  }

  #hashOf(key: string): SampledHash {
    return this.#recorder.hashKey(key) ?? this.#hasher!.hash(key);
  }

  #infoOf(slot: number): EntryInfo {
    return entryInfo(this.#table, slot, this.name, this.#moment());
  }

  #moment(): { readonly now: number; readonly wallMs: number } {
    const time = this.#time!;
    return { now: time.exact(), wallMs: time.clock.now() };
  }

  get #walked(): Walked {
    return {
      tier: this.name,
      table: this.#table,
      time: this.#time!,
      drop: (slot, cause) => this.#drop(slot, cause),
      infoOf: (slot) => this.#infoOf(slot),
    };
  }

  /** Whether a time is over: by the clock alone when it is near. */
  #isOver(until: number): boolean {
    const time = this.#time!;
    return until <= time.coarse() + TICK_MS && until <= time.exact();
  }

  /** Drops entries whose time is over, some with each tick. Says whether any held has a time to live. */
  #sweep(): boolean {
    const table = this.#table;
    if (table.timed === 0) return false;
    const { now } = this.#time!;
    const { end } = table.slots;
    for (let looks = Math.min(SWEPT_PER_TICK, end - 1); looks > 0; looks--) {
      if (++this.#cursor >= end) this.#cursor = 1;
      if (table.keys[this.#cursor] !== undefined && table.isOutdated(this.#cursor, now))
        this.#drop(this.#cursor, 'expired');
    }
    return table.timed > 0;
  }
}

/** What an entry costs beside its value, bytes. */
function overheadOf(key: string, entry: Kept): number {
  const extra = hasExtra(entry) ? EXTRA_BYTES : 0;
  const tags = entry.tags === undefined ? 0 : (entry.tags.length + 1) * TAG_BYTES;
  return key.length + ENTRY_OVERHEAD_BYTES + extra + tags;
}

/** A memory tier, for one cache. What is wrong with its options the cache tells, together with its own. */
export function memory(options: MemoryOptions): MemoryTier {
  // Without any the cache tells what is missing.
  return new MemoryTier(options ?? {});
}
