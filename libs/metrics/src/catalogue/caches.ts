import type { Metric } from '../metric.js';
import {
  AS_STORED,
  counter,
  counterBy,
  dimension,
  EMITTER_LABELS,
  FROM_MS,
  FROM_NS,
  gauge,
  histogram,
  type Family,
} from './entries.js';

const caches: Family = {
  group: 'caches',
  in: 'cache',
  labels: [
    EMITTER_LABELS.service,
    dimension('cache', 'The name of the cache.'),
    dimension('tier', 'The tier within the cache: memory, disk, redis and the like.'),
    EMITTER_LABELS.version,
    EMITTER_LABELS.platform,
  ],
};

const metric = (name: string, help: string) => ({ name, help });

/** What every tier of every cache counts. */
export const CACHE_METRICS: readonly Metric[] = [
  counterBy(
    caches,
    metric('cache_requests_total', 'Reads that a tier was asked for, by what came of them.'),
    {
      name: 'result',
      help: 'What came of the read: found and fresh, found past its freshness, not found, found to be absent, or the tier failed.',
    },
    { hit: 'hits', stale: 'stale_hits', miss: 'misses', negative: 'negative_hits', error: 'errors' },
  ),
  counter(caches, metric('cache_loads_total', 'Loads of missing entries that finished well.'), 'loads'),
  counter(caches, metric('cache_load_errors_total', 'Loads of missing entries that failed.'), 'load_errors'),
  counter(caches, metric('cache_writes_total', 'Entries that were written.'), 'writes'),
  counterBy(
    caches,
    metric('cache_removals_total', 'Entries that left the tier or were not let in, by cause.'),
    {
      name: 'cause',
      help: 'Why it left: to make room, its time was over, by key or tag or prefix, overwritten, not admitted, or all were cleared.',
    },
    {
      evicted: 'evicted',
      expired: 'expired',
      invalidated: 'invalidated',
      replaced: 'replaced',
      rejected: 'rejected',
      cleared: 'cleared',
    },
  ),
  counterBy(
    caches,
    metric('cache_refreshes_total', 'Loads of entries that were held already, by whether anything had changed.'),
    { name: 'changed', help: 'Whether there was another value.' },
    { true: 'refreshes_changed', false: 'refreshes_unchanged' },
  ),
  counter(
    caches,
    metric('cache_cost_saved_seconds_total', 'What loading took, once for each hit on what was loaded.'),
    'cost_saved_ns',
    FROM_NS,
  ),
  counter(
    caches,
    metric('cache_ghost_hits_total', 'Misses that a tier of twice the size would have answered, an estimate.'),
    'ghost_hits',
  ),
  gauge(caches, metric('cache_entries', 'Entries that are held, all instances together.'), 'entries'),
  gauge(caches, metric('cache_bytes', 'Bytes that are held, all instances together.'), 'bytes'),
  gauge(caches, metric('cache_max_entries', 'The limit on entries, where there is one.'), 'max_entries'),
  gauge(caches, metric('cache_max_bytes', 'The limit on bytes, where there is one.'), 'max_bytes'),
  histogram(caches, metric('cache_get_duration_seconds', 'How long reads of a tier took.'), 'get', FROM_NS),
  histogram(caches, metric('cache_load_duration_seconds', 'How long loads of entries took.'), 'load', FROM_NS),
  histogram(
    caches,
    metric('cache_write_size_bytes', 'What entries that were written count for against the limit.'),
    'write_size',
    AS_STORED,
  ),
  histogram(
    caches,
    metric('cache_age_at_hit_seconds', 'How old entries were when they were hit.'),
    'age_at_hit',
    FROM_MS,
  ),
  histogram(
    caches,
    metric('cache_time_to_eviction_seconds', 'How long after they were written entries were evicted.'),
    'time_to_eviction',
    FROM_MS,
  ),
  histogram(
    caches,
    metric('cache_age_at_refresh_seconds', 'How old entries were when they were loaded again.'),
    'age_at_refresh',
    FROM_MS,
  ),
];
