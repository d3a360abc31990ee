import type { Batch, Emitter } from '../events/batch.js';
import type { CacheAccess } from '../events/cache-access.js';
import type { CacheChange } from '../events/cache-change.js';
import type { CacheWindow } from '../events/cache-window.js';
import { HISTOGRAM_SCALE, type HistogramData } from '../events/histogram.js';
import type { LoadFinished, LoadStalled } from '../events/load.js';
import type { Metric } from '../events/metric.js';

/** 2026-01-01T00:00:10Z: where FakeClock starts, and one bucket on. Events of the builders stand here. */
export const AN_INSTANT = Date.UTC(2026, 0, 1, 0, 0, 10);

export const AN_INSTANCE = '3f0c9a52-7d41-4c1e-9b6a-2f8d5e0a1b2c';

/** One second of the cache `covers` in memory: 90 hits, 10 misses. */
export const aCacheWindow = (over: Partial<CacheWindow> = {}): CacheWindow => ({
  kind: 'cache.window',
  end: AN_INSTANT,
  windowMs: 1_000,
  cache: 'covers',
  tier: 'memory',
  requests: { hit: 90, miss: 10 },
  ...over,
});

export const aCacheAccess = (over: Partial<CacheAccess> = {}): CacheAccess => ({
  kind: 'cache.access',
  time: AN_INSTANT,
  cache: 'covers',
  keyHash: '00ff00ff00ff00ff',
  operation: 'get',
  result: 'hit',
  rate: 0.01,
  ...over,
});

export const aCacheChange = (over: Partial<CacheChange> = {}): CacheChange => ({
  kind: 'cache.change',
  time: AN_INSTANT,
  cache: 'covers',
  change: 'settings',
  by: 'operator',
  ...over,
});

export const aLoadFinished = (over: Partial<LoadFinished> = {}): LoadFinished => ({
  kind: 'load.finished',
  time: AN_INSTANT,
  resource: 'document',
  source: 'peer',
  priority: 'visible',
  trigger: 'direct',
  outcome: 'ok',
  queuedNs: 1_000_000,
  totalNs: 250_000_000,
  bytes: 65_536,
  attempts: 1,
  ...over,
});

export const aLoadStalled = (over: Partial<LoadStalled> = {}): LoadStalled => ({
  kind: 'load.stalled',
  time: AN_INSTANT,
  resource: 'document',
  source: 'peer',
  priority: 'visible',
  elapsedNs: 9_000_000_000,
  sinceProgressNs: 5_000_000_000,
  bytes: 16_384,
  ...over,
});

/** A gauge, unless told otherwise. */
export const aMetric = (over: Partial<Metric> = {}): Metric => ({
  kind: 'metric',
  time: AN_INSTANT,
  name: 'heap_used_bytes',
  type: 'gauge',
  ...(over.histogram === undefined && { value: 42 }),
  ...over,
});

/** A histogram with the given [bin, count] pairs; count follows from them. */
export const aHistogram = (
  pairs: readonly (readonly [bin: number, count: number])[] = [[640, 3]],
  over: Partial<HistogramData> = {},
): HistogramData => ({
  scale: HISTOGRAM_SCALE,
  count: pairs.reduce((sum, [, count]) => sum + count, over.zero ?? 0),
  sum: 3_000_000,
  bins: pairs.flat(),
  ...over,
});

export const anEmitter = (over: Partial<Emitter> = {}): Emitter => ({
  service: 'library-api',
  instance: AN_INSTANCE,
  version: '1.4.0',
  ...over,
});

/** Batch 0 of the emitter, with one cache window. */
export const aBatch = (over: Partial<Batch> = {}): Batch => ({
  schema: 1,
  emitter: anEmitter(),
  sequence: 0,
  sentAt: AN_INSTANT + 200,
  events: [aCacheWindow()],
  ...over,
});
