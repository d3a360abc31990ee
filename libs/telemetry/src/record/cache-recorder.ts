import {
  noTotals,
  REMOVAL_CAUSES,
  type AccessDetails,
  type AccessSampling,
  type CacheAccess,
  type CacheChange,
  type CacheGauges,
  type CacheWindow,
  type CountingRecorder,
  type Event,
  type RemovalCause,
  type TierHistograms,
  type TierTotals,
  type Totals,
} from '#libs/contracts';
import { WindowHistograms } from '#libs/histogram';
import { hashToHex, type KeyHash, type KeyHasher, type Sampler } from '#libs/sampling';
import type { Clock } from '#libs/time';
import type { Counters } from '../stats.js';
import type { WindowSource } from './windows.js';

export interface CacheRecorderOptions {
  readonly name: string;
  readonly tier: string;
  readonly clock: Clock;
  readonly counters: Counters;
  readonly emit: (event: Event) => void;
  readonly sampler: Sampler | undefined;
  /** Makes a sampler when it is told from afar to sample otherwise; undefined for one that samples nothing. */
  readonly newSampler: (sampling: AccessSampling) => Sampler | undefined;
  readonly hasher: KeyHasher | undefined;
  /** Sampled accesses per window before the rate is halved. */
  readonly maxAccessesPerWindow: number;
}

/** A tier with gauges and no requests tells about itself at least this often, ms. */
const IDLE_GAUGES_MS = 10_000;

/**
 * Counts one tier of one cache: exact counts per window, histograms, and sampled accesses. A call that counts adds to
 * plain fields, and compares one number when it is given the key's hash; it never reads the clock, unless the key is
 * sampled. Pass the hash kept in the entry (`hashKey` makes it, once) to have accesses sampled.
 */
export class CacheRecorder implements WindowSource, CountingRecorder {
  readonly #options: CacheRecorderOptions;
  #hit = 0;
  #stale = 0;
  #miss = 0;
  #negative = 0;
  #error = 0;
  #loads = 0;
  #loadErrors = 0;
  #writes = 0;
  #removed = 0;
  readonly #removals = { evicted: 0, expired: 0, invalidated: 0, replaced: 0, rejected: 0, cleared: 0 };
  readonly #refreshes = { changed: 0, unchanged: 0 };
  #costSavedUs = 0;
  #ghostHits = 0;
  readonly #histograms = new WindowHistograms();
  /** A copy of the sampler's: hashes below it are sampled; 0 when nothing is. */
  #threshold: number;
  #sampler: Sampler | undefined;
  #accesses = 0;
  #gauges: (() => CacheGauges) | undefined;
  /** Of those who count hits by themselves: caches of one name share a recorder. */
  readonly #settles = new Set<() => void>();
  #lastGauges = '{}';
  #lastEnd = 0;
  /** What the windows that were closed have counted. */
  readonly #sums = noTotals();
  readonly #histogramSums = new WindowHistograms();

  constructor(options: CacheRecorderOptions) {
    this.#options = options;
    this.#sampler = options.sampler;
    this.#threshold = options.sampler?.threshold ?? 0;
  }

  /** Found and fresh. `savedUs` is what loading the entry took, µs. */
  hit(hash?: KeyHash, details?: AccessDetails, savedUs = 0): void {
    this.#hit++;
    this.#costSavedUs += savedUs;
    if (hash !== undefined && hash.hi < this.#threshold) this.#sampled('get', 'hit', hash, details);
  }

  /** Several hits of keys that are not sampled, and what they saved together, µs. */
  hits(count: number, savedUs: number): void {
    this.#hit += count;
    this.#costSavedUs += savedUs;
  }

  /** Found past its freshness and answered all the same. */
  stale(hash?: KeyHash, details?: AccessDetails): void {
    this.#stale++;
    if (hash !== undefined && hash.hi < this.#threshold) this.#sampled('get', 'stale', hash, details);
  }

  /** Not found. */
  miss(hash?: KeyHash, details?: AccessDetails): void {
    this.#miss++;
    if (hash !== undefined && hash.hi < this.#threshold) this.#sampled('get', 'miss', hash, details);
  }

  /** Found the remembered absence of a value. */
  negative(hash?: KeyHash, details?: AccessDetails): void {
    this.#negative++;
    if (hash !== undefined && hash.hi < this.#threshold) this.#sampled('get', 'negative', hash, details);
  }

  /** The tier failed. */
  error(hash?: KeyHash): void {
    this.#error++;
    if (hash !== undefined && hash.hi < this.#threshold) this.#sampled('get', 'error', hash);
  }

  /** What a get took, in nanoseconds. Measuring costs more than counting: time some gets, not all. */
  getTook(nanoseconds: number): void {
    this.#histograms.record('getDuration', nanoseconds);
  }

  /** How old the entry was that a hit found, ms. As with `getTook`: of some hits. */
  ageAtHit(milliseconds: number): void {
    this.#histograms.record('ageAtHit', milliseconds);
  }

  /** A tier of twice the size would have answered so many of the misses. */
  ghostHit(misses: number): void {
    this.#ghostHits += misses;
  }

  /** A missing entry was loaded; in nanoseconds when measured. */
  loaded(nanoseconds?: number): void {
    this.#loads++;
    if (nanoseconds !== undefined) this.#histograms.record('loadDuration', nanoseconds);
  }

  /** Loading a missing entry failed; in nanoseconds when measured. */
  loadFailed(nanoseconds?: number): void {
    this.#loadErrors++;
    if (nanoseconds !== undefined) this.#histograms.record('loadDuration', nanoseconds);
  }

  /** An entry that was held was loaded again, `ageMs` old; whether its origin had another value. */
  refreshed(changed: boolean, ageMs: number): void {
    this.#refreshes[changed ? 'changed' : 'unchanged']++;
    this.#histograms.record('ageAtRefresh', ageMs);
  }

  /** What an entry that was written takes, bytes. */
  writeSize(bytes: number): void {
    this.#histograms.record('writeSize', bytes);
  }

  /** An entry was evicted so long after it was written, ms. */
  timeToEviction(milliseconds: number): void {
    this.#histograms.record('timeToEviction', milliseconds);
  }

  /** An entry was written. */
  written(hash?: KeyHash, details?: AccessDetails): void {
    this.#writes++;
    if (hash !== undefined && hash.hi < this.#threshold) this.#sampled('set', 'stored', hash, details);
  }

  /** `count` entries were removed, and why. One that was refused admission counts as removed, cause `rejected`. */
  removed(cause: RemovalCause, count = 1, hash?: KeyHash): void {
    this.#removals[cause] += count;
    this.#removed += count;
    if (hash === undefined || hash.hi >= this.#threshold) return;
    if (cause === 'rejected') this.#sampled('set', 'rejected', hash);
    // What the cache does by itself is not an access: only a removal somebody asked for is.
    else if (cause === 'invalidated') this.#sampled('delete', 'removed', hash);
  }

  /** A sampled access with words of its own, counted nowhere else: for caches that count by themselves. */
  access(operation: CacheAccess['operation'], result: CacheAccess['result'], hash: KeyHash, details?: AccessDetails) {
    if (hash.hi < this.#threshold) this.#sampled(operation, result, hash, details);
  }

  /** The same, hashing the key first: some 100 ns. Keep the hash in the entry where it matters. */
  accessKey(operation: CacheAccess['operation'], result: CacheAccess['result'], key: string, details?: AccessDetails) {
    const hash = this.hashKey(key);
    if (hash !== undefined) this.access(operation, result, hash, details);
  }

  /** The salted hash of a key, to be kept in its entry; undefined when telemetry was given no salt. */
  hashKey(key: string): KeyHash | undefined {
    return this.#options.counters.guard(() => this.#options.hasher?.hash(key), undefined);
  }

  /** Hashes whose `hi` is below it are sampled. */
  get threshold(): number {
    return this.#threshold;
  }

  resample(sampling: AccessSampling | undefined): boolean {
    const { hasher, sampler, newSampler } = this.#options;
    if (hasher === undefined) return false;
    this.#sampler = sampling === undefined ? sampler : newSampler(sampling);
    this.#threshold = this.#sampler?.threshold ?? 0;
    this.#settle();
    return true;
  }

  /** What was counted from the beginning on, the open window included. */
  totals(): TierTotals {
    this.#settle();
    const totals = structuredClone(this.#sums);
    this.#addTo(totals);
    return totals;
  }

  histograms(): TierHistograms {
    const all = new WindowHistograms();
    all.merge(this.#histogramSums);
    all.merge(this.#histograms);
    return all.all();
  }

  /** Asks for entries, bytes and limits at the end of each window. */
  gauges(read: () => CacheGauges): void {
    this.#gauges = read;
  }

  /** Has `settle` called before anything is told of what was counted, and when `threshold` has risen. What comes back ends that. */
  settles(settle: () => void): () => void {
    this.#settles.add(settle);
    return () => void this.#settles.delete(settle);
  }

  /** Something was done to the cache: the annotations on its charts. */
  change(change: Omit<CacheChange, 'kind' | 'time' | 'cache' | 'tier'>): void {
    const { emit, clock, counters, name, tier } = this.#options;
    counters.guard(() => emit({ kind: 'cache.change', time: clock.now(), cache: name, tier, ...change }), undefined);
  }

  closeWindow(end: number, windowMs: number, emit: (event: Event) => void): void {
    this.#accesses = 0;
    this.#settle();
    const gauges = this.#readGauges();
    const held = JSON.stringify(gauges);
    const requests = this.#hit + this.#stale + this.#miss + this.#negative + this.#error;
    const { changed, unchanged } = this.#refreshes;
    const counts = requests + this.#loads + this.#loadErrors + this.#writes + this.#removed + changed + unchanged;
    const counted = counts + this.#ghostHits > 0 || this.#histograms.any;
    const told = held === this.#lastGauges && (held === '{}' || Math.abs(end - this.#lastEnd) < IDLE_GAUGES_MS);
    if (!counted && told) return;
    this.#lastGauges = held;
    this.#lastEnd = end;
    emit({
      kind: 'cache.window',
      end,
      windowMs: windowMs as CacheWindow['windowMs'],
      cache: this.#options.name,
      tier: this.#options.tier,
      requests: {
        ...(this.#hit > 0 && { hit: this.#hit }),
        ...(this.#stale > 0 && { stale: this.#stale }),
        ...(this.#miss > 0 && { miss: this.#miss }),
        ...(this.#negative > 0 && { negative: this.#negative }),
        ...(this.#error > 0 && { error: this.#error }),
      },
      ...(this.#loads > 0 && { loads: this.#loads }),
      ...(this.#loadErrors > 0 && { loadErrors: this.#loadErrors }),
      ...(this.#writes > 0 && { writes: this.#writes }),
      ...(this.#removed > 0 && { removals: this.#removalsOfWindow() }),
      ...(changed + unchanged > 0 && {
        refreshes: { ...(changed > 0 && { changed }), ...(unchanged > 0 && { unchanged }) },
      }),
      ...(this.#costSavedUs > 0 && { costSavedNs: Math.min(this.#costSavedUs * 1_000, Number.MAX_SAFE_INTEGER) }),
      ...(this.#ghostHits > 0 && { ghostHits: this.#ghostHits }),
      ...gauges,
      ...this.#histograms.held(),
    });
    this.#addTo(this.#sums);
    this.#hit = this.#stale = this.#miss = this.#negative = this.#error = 0;
    this.#loads = this.#loadErrors = this.#writes = this.#removed = 0;
    for (const cause of REMOVAL_CAUSES) this.#removals[cause] = 0;
    this.#refreshes.changed = this.#refreshes.unchanged = this.#costSavedUs = this.#ghostHits = 0;
    this.#histogramSums.merge(this.#histograms);
    this.#histograms.reset();
  }

  #sampled(
    operation: CacheAccess['operation'],
    result: CacheAccess['result'],
    hash: KeyHash,
    details?: AccessDetails,
  ): void {
    const { counters } = this.#options;
    const sampler = this.#sampler;
    if (sampler === undefined) return;
    counters.guard(() => this.#sample(sampler, operation, result, hash, details), undefined);
  }

  #sample(
    sampler: Sampler,
    operation: CacheAccess['operation'],
    result: CacheAccess['result'],
    hash: KeyHash,
    details: AccessDetails | undefined,
  ): void {
    const { clock, emit, name, tier, maxAccessesPerWindow } = this.#options;
    const rate = sampler.sample(hash);
    if (rate > 0) {
      emit({
        kind: 'cache.access',
        time: clock.now(),
        cache: name,
        tier,
        keyHash: hashToHex(hash),
        operation,
        result,
        ...details,
        rate,
      });
      // Fewer keys, whole histories: cutting off accesses instead would bend every curve.
      if (++this.#accesses >= maxAccessesPerWindow) {
        this.#accesses = 0;
        sampler.lowerTo(sampler.rate / 2);
      }
    }
    this.#threshold = sampler.threshold;
  }

  #settle(): void {
    for (const settle of this.#settles) this.#options.counters.guard(settle, undefined);
  }

  #readGauges(): CacheGauges {
    if (this.#gauges === undefined) return {};
    try {
      const read = this.#gauges();
      const gauges: CacheGauges = {};
      for (const name of ['entries', 'bytes', 'maxEntries', 'maxBytes'] as const) {
        const value = read[name];
        if (value !== undefined && value >= 0 && Number.isSafeInteger(Math.round(value)))
          gauges[name] = Math.round(value);
      }
      return gauges;
    } catch (cause) {
      this.#options.counters.problem('callback', `The gauges of cache ${this.#options.name} failed.`, cause);
      return {};
    }
  }

  #removalsOfWindow(): NonNullable<CacheWindow['removals']> {
    const removals: NonNullable<CacheWindow['removals']> = {};
    for (const cause of REMOVAL_CAUSES) if (this.#removals[cause] > 0) removals[cause] = this.#removals[cause];
    return removals;
  }

  #addTo(totals: Totals): void {
    const { requests, removals, refreshes } = totals;
    requests.hit += this.#hit;
    requests.stale += this.#stale;
    requests.miss += this.#miss;
    requests.negative += this.#negative;
    requests.error += this.#error;
    totals.loads += this.#loads;
    totals.loadErrors += this.#loadErrors;
    totals.writes += this.#writes;
    refreshes.changed += this.#refreshes.changed;
    refreshes.unchanged += this.#refreshes.unchanged;
    totals.costSavedNs += this.#costSavedUs * 1_000;
    totals.ghostHits += this.#ghostHits;
    for (const cause of REMOVAL_CAUSES) removals[cause] += this.#removals[cause];
  }
}
