import type { Batch, CacheWindow, Event, LoadFinished, Metric } from '#libs/contracts';
import { between, pick, seededRandom, seededUuid } from './random.js';

/** What a run of batches adds up to: what the database must hold at every level, to the unit. */
export interface TrafficTotals {
  events: number;
  batches: number;
  cache: {
    windows: number;
    hits: number;
    misses: number;
    evicted: number;
    getCount: number;
    getSumNs: number;
    refreshed: number;
    costSavedNs: number;
    ghostHits: number;
    writtenBytes: number;
    agesAtHitMs: number;
    evictedAfterMs: number;
    refreshedAtMs: number;
  };
  loads: { events: number; bytes: number; totalNs: number };
  metrics: { events: number; counterSum: number };
}

export interface TrafficOptions {
  readonly seed: number;
  /** Emitters that take turns. Default 4. */
  readonly emitters?: number;
  readonly batches: number;
  /** Default 100. */
  readonly eventsPerBatch?: number;
  /** Time of the first event, ms since 1970. Batches move on from there. */
  readonly startMs: number;
  /** Time from the first event to the last, ms. Default 60,000. */
  readonly spanMs?: number;
  /** Services and caches to draw from. Default 2 and 3. */
  readonly services?: number;
  readonly caches?: number;
}

export interface Traffic {
  readonly batches: readonly Batch[];
  readonly totals: TrafficTotals;
}

/** Makes batches of plausible events, the same for the same seed, with what they add up to. O(events). */
export function makeTraffic(options: TrafficOptions): Traffic {
  const { seed, batches: count, startMs, eventsPerBatch = 100, spanMs = 60_000 } = options;
  const random = seededRandom(seed);
  const emitters = Array.from({ length: options.emitters ?? 4 }, (_, index) => ({
    service: `service-${index % (options.services ?? 2)}`,
    instance: seededUuid(random),
    version: '1.0.0',
    sequence: 0,
  }));
  const totals = noTotals();
  const batches = Array.from({ length: count }, (_, index): Batch => {
    const { sequence, ...emitter } = emitters[index % emitters.length]!;
    emitters[index % emitters.length]!.sequence++;
    const nowMs = startMs + Math.floor((spanMs * index) / Math.max(1, count - 1));
    const events = Array.from({ length: eventsPerBatch }, () => anEvent(random, nowMs, options.caches ?? 3));
    for (const event of events) addTo(totals, event);
    totals.batches++;
    return { schema: 1, emitter, sequence, sentAt: nowMs, closedThrough: nowMs, events };
  });
  return { batches, totals };
}

export function noTotals(): TrafficTotals {
  return {
    events: 0,
    batches: 0,
    cache: {
      windows: 0,
      hits: 0,
      misses: 0,
      evicted: 0,
      getCount: 0,
      getSumNs: 0,
      refreshed: 0,
      costSavedNs: 0,
      ghostHits: 0,
      writtenBytes: 0,
      agesAtHitMs: 0,
      evictedAfterMs: 0,
      refreshedAtMs: 0,
    },
    loads: { events: 0, bytes: 0, totalNs: 0 },
    metrics: { events: 0, counterSum: 0 },
  };
}

/** Adds one event to what must be found later. */
export function addTo(totals: TrafficTotals, event: Event): void {
  totals.events++;
  if (event.kind === 'cache.window') {
    totals.cache.windows++;
    totals.cache.hits += event.requests.hit ?? 0;
    totals.cache.misses += event.requests.miss ?? 0;
    totals.cache.evicted += event.removals?.evicted ?? 0;
    totals.cache.getCount += event.getDuration?.count ?? 0;
    totals.cache.getSumNs += event.getDuration?.sum ?? 0;
    totals.cache.refreshed += (event.refreshes?.changed ?? 0) + (event.refreshes?.unchanged ?? 0);
    totals.cache.costSavedNs += event.costSavedNs ?? 0;
    totals.cache.ghostHits += event.ghostHits ?? 0;
    totals.cache.writtenBytes += event.writeSize?.sum ?? 0;
    totals.cache.agesAtHitMs += event.ageAtHit?.sum ?? 0;
    totals.cache.evictedAfterMs += event.timeToEviction?.sum ?? 0;
    totals.cache.refreshedAtMs += event.ageAtRefresh?.sum ?? 0;
  } else if (event.kind === 'load.finished') {
    totals.loads.events++;
    totals.loads.bytes += event.bytes;
    totals.loads.totalNs += event.totalNs;
  } else if (event.kind === 'metric') {
    totals.metrics.events++;
    if (event.type === 'counter') totals.metrics.counterSum += event.value ?? 0;
  }
}

function anEvent(random: () => number, nowMs: number, caches: number): Event {
  const draw = random();
  if (draw < 0.6) return aWindow(random, nowMs, caches);
  if (draw < 0.8) return aLoad(random, nowMs);
  return aMetric(random, nowMs);
}

function aWindow(random: () => number, nowMs: number, caches: number): CacheWindow {
  const hit = between(random, 0, 900);
  const miss = between(random, 0, 100);
  const low = between(random, 300, 500);
  const first = between(random, 1, 50);
  return {
    kind: 'cache.window',
    end: Math.ceil(nowMs / 1_000) * 1_000,
    windowMs: 1_000,
    cache: `cache-${between(random, 0, caches - 1)}`,
    tier: 'memory',
    requests: { hit, miss },
    writes: miss,
    removals: { evicted: between(random, 0, 50) },
    entries: 1_000,
    bytes: between(random, 10_000, 20_000),
    maxEntries: 1_000,
    getDuration: { scale: 5, count: first + 7, sum: between(random, 10_000, 90_000), bins: [low, first, low + 9, 7] },
    // Told by some emitters and not by others.
    ...(hit % 2 === 0 && {
      refreshes: { changed: hit % 7, unchanged: hit % 5 },
      costSavedNs: hit * 1_000_000,
      ghostHits: miss % 9,
      writeSize: { scale: 5, count: first, sum: first * 900, bins: [low, first] },
      ageAtHit: { scale: 5, count: 8, sum: 7 * low, zero: 1, bins: [low, 7] },
      timeToEviction: { scale: 5, count: 3, sum: 2 * low, zero: 1, bins: [low, 2] },
      ageAtRefresh: { scale: 5, count: 2, sum: 3 * low, bins: [low, 2] },
    }),
  };
}

function aLoad(random: () => number, nowMs: number): LoadFinished {
  return {
    kind: 'load.finished',
    time: nowMs,
    resource: pick(random, ['document', 'page', 'cover']),
    source: pick(random, ['disk', 'peer', 'network'] as const),
    priority: 'visible',
    trigger: 'direct',
    outcome: random() < 0.95 ? 'ok' : 'failed',
    queuedNs: between(random, 0, 5_000_000),
    firstByteNs: between(random, 1_000_000, 50_000_000),
    totalNs: between(random, 50_000_000, 900_000_000),
    bytes: between(random, 1_000, 5_000_000),
    attempts: 1,
  };
}

function aMetric(random: () => number, nowMs: number): Metric {
  return {
    kind: 'metric',
    time: nowMs,
    name: 'pages_rendered_total',
    type: 'counter',
    labels: { format: pick(random, ['pdf', 'epub']) },
    value: between(random, 1, 9),
  };
}
