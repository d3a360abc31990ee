import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { CATALOGUE } from './catalogue/catalogue.js';
import { findMetric, nearestMetrics, searchMetrics } from './find.js';
import { classicNames } from './metric.js';

describe('findMetric', () => {
  it('finds each by its name, and histograms by their classic names', () => {
    for (const metric of CATALOGUE)
      for (const name of [metric.name, ...classicNames(metric)]) expect(findMetric(name)).toBe(metric);
  });

  it('gives native histograms no buckets of their own', () => {
    expect(findMetric('cache_get_duration_seconds_sum')?.name).toBe('cache_get_duration_seconds');
    expect(findMetric('cache_get_duration_seconds_bucket')).toBeUndefined();
    expect(findMetric('collector_append_seconds_bucket')?.name).toBe('collector_append_seconds');
  });

  it.each(['', 'constructor', '__proto__', 'cache_requests', 'CACHE_REQUESTS_TOTAL'])('finds nothing by %j', (name) => {
    expect(findMetric(name)).toBeUndefined();
  });
});

describe('nearestMetrics', () => {
  it.each([
    ['cache_request_total', 'cache_requests_total'],
    ['cache_requests', 'cache_requests_total'],
    ['cache_hits_total', 'cache_ghost_hits_total'],
    ['load_duration_second', 'load_duration_seconds'],
    ['duration_load_seconds', 'load_duration_seconds'],
    ['cache_get_duration_seconds_bucket', 'cache_get_duration_seconds'],
    ['cache_get_duration_second_count', 'cache_get_duration_seconds_count'],
    ['web_vital_lcp_seconds', 'web_vitals_lcp_seconds'],
    ['pipeline_lost_event', 'pipeline_lost_events'],
  ])('of %s begins with %s', (name, wanted) => {
    expect(nearestMetrics(name)[0]).toBe(wanted);
  });

  it.each(['', 'x', 'zzzzzzzz', 'total', 'a'.repeat(100_000), '_'])('of %.20j is none', (name) => {
    expect(nearestMetrics(name)).toEqual([]);
  });

  it('gives at most so many names, of metrics that there are, each once, whatever is asked', () => {
    const words = fc.array(fc.constantFrom('cache', 'load', 'total', 'seconds', 'hit', 'count', 'é', ''), {
      maxLength: 12,
    });
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          words.map((parts) => parts.join('_')),
        ),
        fc.integer({ min: -1, max: 9 }),
        (name, most) => {
          const near = nearestMetrics(name, most);
          expect(near.length).toBeLessThanOrEqual(Math.max(0, most));
          expect(new Set(near).size).toBe(near.length);
          for (const one of near) expect(findMetric(one)).toBeDefined();
        },
      ),
    );
  });
});

describe('searchMetrics', () => {
  it('finds by words of name, help, label, kind, unit and group, those with all of them in the name first', () => {
    const names = (words: string) => searchMetrics(words).map(({ name }) => name);
    expect(names('hits')[0]).toBe('cache_ghost_hits_total');
    expect(names('LCP')).toEqual(['web_vitals_lcp_seconds']);
    expect(names('histogram queue')).toEqual(['load_queue_duration_seconds']);
    expect(names('prefetches used')).toEqual(['load_prefetches_total']);
    expect(names('caches gauge bytes')).toEqual(['cache_bytes', 'cache_max_bytes']);
    expect(names('no such words')).toEqual([]);
  });

  it.each(['', '  ', '\n'])('finds all by %j', (words) => {
    expect(searchMetrics(words)).toEqual(CATALOGUE);
  });

  it('finds only what is there, each once, and takes any text', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 50 }), (words) => {
        const found = searchMetrics(words);
        expect(new Set(found).size).toBe(found.length);
        expect(found.every((metric) => CATALOGUE.includes(metric))).toBe(true);
      }),
    );
    expect(searchMetrics('cache '.repeat(100_000)).length).toBeGreaterThan(0);
  });
});
