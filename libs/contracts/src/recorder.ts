import type { CacheAccess } from './events/cache-access.js';
import type { CacheChange } from './events/cache-change.js';
import type { HistogramData } from './events/histogram.js';
import type { CacheWindow } from './events/cache-window.js';
import type { WindowHistogram } from './events/window-histograms.js';
import type { ControlRegistry } from './control/target.js';

/** Why an entry left: nobody who merges them can tune. */
export type RemovalCause = keyof NonNullable<CacheWindow['removals']>;

/** What a tier holds and may hold; what it does not know or has no limit for is left out. */
export type CacheGauges = Pick<CacheWindow, 'entries' | 'bytes' | 'maxEntries' | 'maxBytes'>;

/** What is known about one sampled access. Bytes; nanoseconds; milliseconds. */
export type AccessDetails = Pick<CacheAccess, 'bytes' | 'costNs' | 'ageMs' | 'ttlMs'>;

/** 64 bits of a key's salted hash, in two unsigned halves. */
export interface SampledHash {
  readonly hi: number;
  readonly lo: number;
}

/**
 * What a cache tells of one of its tiers: telemetry counts it, and `NO_RECORDER` does not. Each call adds to a number; no
 * call throws or reads the clock, unless the key is sampled. A cache keeps the hash that `hashKey` gives in its entry,
 * and hands it in only when its `hi` is below `threshold`.
 */
export interface TierRecorder {
  /** Hashes whose `hi` is below it are sampled, 0 to 2³²; it falls over time. */
  readonly threshold: number;
  /** Undefined when nothing is to be sampled. */
  hashKey(key: string): SampledHash | undefined;
  /** `savedUs` is what loading the entry took, µs: a small integer, which costs a hit nothing to hand over. */
  hit(hash?: SampledHash, details?: AccessDetails, savedUs?: number): void;
  /** Several hits of keys that are not sampled, and what they saved together, µs. */
  hits(count: number, savedUs: number): void;
  stale(hash?: SampledHash, details?: AccessDetails): void;
  miss(hash?: SampledHash, details?: AccessDetails): void;
  negative(hash?: SampledHash, details?: AccessDetails): void;
  error(hash?: SampledHash): void;
  /** What some of the gets took, ns. */
  getTook(nanoseconds: number): void;
  /** How old the entry was that some of the hits found, ms. */
  ageAtHit(milliseconds: number): void;
  /** A tier of twice the size would have answered so many of the misses; whoever looks at some of them counts for all. */
  ghostHit(misses: number): void;
  loaded(nanoseconds?: number): void;
  loadFailed(nanoseconds?: number): void;
  /** An entry that was held was loaded again. `changed` is false when its origin, or the value itself, said that nothing did. */
  refreshed(changed: boolean, ageMs: number): void;
  written(hash?: SampledHash, details?: AccessDetails): void;
  /** What an entry that was written takes, bytes. */
  writeSize(bytes: number): void;
  removed(cause: RemovalCause, count?: number, hash?: SampledHash): void;
  /** An entry was evicted so long after it was written, ms. */
  timeToEviction(milliseconds: number): void;
  /** Asked at the end of each window. */
  gauges(read: () => CacheGauges): void;
  /**
   * For who counts hits by itself, as a call for each costs more than the hit: `settle` is called before anything is told of
   * what was counted, and is to hand them in; also when `threshold` has risen. What comes back ends that.
   */
  settles(settle: () => void): () => void;
  change(change: Omit<CacheChange, 'kind' | 'time' | 'cache' | 'tier'>): void;
}

/** What came of a get. */
export type RequestResult = keyof CacheWindow['requests'];

export const REQUEST_RESULTS: readonly RequestResult[] = ['hit', 'stale', 'miss', 'negative', 'error'];
export const REMOVAL_CAUSES: readonly RemovalCause[] = [
  'evicted',
  'expired',
  'invalidated',
  'replaced',
  'rejected',
  'cleared',
];

/** What came of loading an entry anew that was held. */
export type RefreshResult = keyof NonNullable<CacheWindow['refreshes']>;

export type TierHistograms = Readonly<Record<WindowHistogram, HistogramData>>;

/** What was counted of a tier; whoever counts adds to it. */
export interface Totals {
  readonly requests: Record<RequestResult, number>;
  loads: number;
  loadErrors: number;
  writes: number;
  readonly removals: Record<RemovalCause, number>;
  readonly refreshes: Record<RefreshResult, number>;
  costSavedNs: number;
  /** An estimate, where the tier is large: see `ghostHit`. */
  ghostHits: number;
}

/** All that was counted of a tier, exactly, since its recorder was made. */
export interface TierTotals extends Readonly<Totals> {
  readonly requests: Readonly<Record<RequestResult, number>>;
  readonly removals: Readonly<Record<RemovalCause, number>>;
  readonly refreshes: Readonly<Record<RefreshResult, number>>;
}

export function noTotals(): Totals {
  return {
    requests: { hit: 0, stale: 0, miss: 0, negative: 0, error: 0 },
    loads: 0,
    loadErrors: 0,
    writes: 0,
    removals: { evicted: 0, expired: 0, invalidated: 0, replaced: 0, rejected: 0, cleared: 0 },
    refreshes: { changed: 0, unchanged: 0 },
    costSavedNs: 0,
    ghostHits: 0,
  };
}

/** A recorder that can be asked what it has counted: a cache's own figures are those that telemetry sends. */
export interface CountingRecorder extends TierRecorder {
  totals(): TierTotals;
  /** The same of its histograms. */
  histograms(): TierHistograms;
  /** Samples so from now on; `undefined`: as its host had said. False where it cannot sample: without a salt. */
  resample?(sampling: AccessSampling | undefined): boolean;
}

/** Which accesses are sampled: those to a share of the keys, or to at most so many keys. */
export type AccessSampling = { readonly rate: number } | { readonly maxKeys: number };

/** Where a cache gets the recorder of each of its tiers: `telemetry` is one. */
export interface CacheRecorders {
  cache(name: string, options: { readonly tier: string }): CountingRecorder;
  /** Where a cache lets itself be controlled from afar; left out where that is not wanted. */
  readonly control?: ControlRegistry | undefined;
}

const nothing = (): void => {
  // Nobody listens.
};

/** For a cache that nobody watches. */
export const NO_RECORDER: TierRecorder = {
  threshold: 0,
  hashKey: () => undefined,
  hit: nothing,
  hits: nothing,
  stale: nothing,
  miss: nothing,
  negative: nothing,
  error: nothing,
  getTook: nothing,
  ageAtHit: nothing,
  ghostHit: nothing,
  loaded: nothing,
  loadFailed: nothing,
  refreshed: nothing,
  written: nothing,
  writeSize: nothing,
  removed: nothing,
  timeToEviction: nothing,
  gauges: nothing,
  settles: () => nothing,
  change: nothing,
};
