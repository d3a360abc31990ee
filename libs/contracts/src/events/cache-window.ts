import Type, { type Static } from 'typebox';
import { Count, EpochMs, Name } from '../primitives.js';
import { HistogramData } from './histogram.js';

/** Exact counts of one cache tier over one window aligned to the clock. */
export const CacheWindow = Type.Object(
  {
    kind: Type.Literal('cache.window'),
    end: EpochMs('End of the window, a multiple of windowMs.'),
    windowMs: Type.Enum([1_000, 10_000], {
      description: 'Length of the window: 1 s for services, 10 s for desktop apps.',
    }),
    cache: Name('Name of the cache.'),
    tier: Name('Tier within the cache: memory, disk, redis …'),
    requests: Type.Object(
      {
        hit: Type.Optional(Count('Found and fresh.')),
        stale: Type.Optional(Count('Found past its freshness and answered all the same.')),
        miss: Type.Optional(Count('Not found.')),
        negative: Type.Optional(Count('Found the remembered absence of a value.')),
        error: Type.Optional(Count('The tier failed.')),
      },
      { description: 'Requests by result. What is left out is 0.' },
    ),
    loads: Type.Optional(Count('Loads of missing entries that finished well.')),
    loadErrors: Type.Optional(Count('Loads of missing entries that failed.')),
    writes: Type.Optional(Count('Entries written.')),
    removals: Type.Optional(
      Type.Object(
        {
          evicted: Type.Optional(Count('Removed to make room.')),
          expired: Type.Optional(Count('Removed because their time was over.')),
          invalidated: Type.Optional(Count('Removed by key, tag or prefix.')),
          replaced: Type.Optional(Count('Overwritten by a newer value.')),
          rejected: Type.Optional(Count('Not admitted.')),
          cleared: Type.Optional(Count('Removed by clear().')),
        },
        { description: 'Removals by cause. What is left out is 0.' },
      ),
    ),
    entries: Type.Optional(Count('Entries held at the end of the window.')),
    bytes: Type.Optional(Count('Bytes held at the end of the window.')),
    maxEntries: Type.Optional(Count('Limit on entries at the end of the window; left out when there is none.')),
    maxBytes: Type.Optional(Count('Limit on bytes at the end of the window; left out when there is none.')),
    refreshes: Type.Optional(
      Type.Object(
        {
          changed: Type.Optional(Count('There was another value.')),
          unchanged: Type.Optional(Count('Nothing had changed, said the origin or the value itself.')),
        },
        { description: 'Loads of entries that were held already, by what came of them. What is left out is 0.' },
      ),
    ),
    costSavedNs: Type.Optional(Count('What loading took, in nanoseconds, once for each hit on what was loaded.')),
    ghostHits: Type.Optional(
      Count('Misses that a tier of twice the size would have answered: an estimate from keys chosen by their hash.'),
    ),
    getDuration: Type.Optional(HistogramData('nanoseconds')),
    loadDuration: Type.Optional(HistogramData('nanoseconds')),
    writeSize: Type.Optional(HistogramData('bytes')),
    ageAtHit: Type.Optional(HistogramData('milliseconds')),
    timeToEviction: Type.Optional(HistogramData('milliseconds')),
    ageAtRefresh: Type.Optional(HistogramData('milliseconds')),
  },
  { description: 'Exact counts of one cache tier over 1 or 10 s aligned to the clock.' },
);

export type CacheWindow = Static<typeof CacheWindow>;
