import { describe, expect, it } from '@jest/globals';
import { CacheOptionsError, createCache, memory, type CacheOptions } from '../index.js';
import { FakeFarTier } from '../testing/index.js';

/** What options are given by code that no compiler has checked. */
function problemsOf(options: Record<string, unknown>): readonly string[] {
  try {
    createCache(options as unknown as CacheOptions<string, string>);
  } catch (error) {
    if (error instanceof CacheOptionsError) return error.problems.map(({ path }) => path);
    throw error;
  }
  return [];
}

const TIERS = { tiers: [memory({ maxEntries: 1 })] };

describe('Options of a cache', () => {
  it('are told all their problems at once, those of the tiers included, each with its place', () => {
    const problems = problemsOf({
      name: 'no name',
      tiers: [memory({ policy: 'fifo' as 'lru', maxBytes: -1 }), memory({})],
      ttl: '5 minutes',
      ttlJitter: 2,
      sliding: 1,
      hardTimeout: -1,
      earlyRefresh: -1,
      maxConcurrentLoads: 0,
      lockAcrossProcesses: true,
      loader: 'none',
      schema: {},
      bounds: { minBytes: 2, maxBytes: 1, policies: ['best'] },
      timeToLive: 5,
    });
    expect(problems).toEqual([
      'timeToLive',
      'name',
      'tiers[0].maxBytes',
      'tiers[0].policy',
      'tiers[1]',
      'tiers[1]',
      'tiers[1].maxBytes',
      'ttl',
      'ttlJitter',
      'hardTimeout',
      'earlyRefresh',
      'maxConcurrentLoads',
      'sliding',
      'lockAcrossProcesses',
      'loader',
      'schema',
      'bounds.minBytes',
      'bounds.policies',
    ]);
  });

  it('say in one message what is wrong and what would be right', () => {
    expect(() => createCache({ name: '', tiers: [memory({ maxEntries: 1 })], ttl: -1 })).toThrow(
      new CacheOptionsError('cache ', [
        { path: 'name', message: ' is no name. Give 1 to 64 letters, digits and ._- characters.' },
        {
          path: 'ttl',
          message: '-1 is no duration. Give milliseconds, 0 or more, or a text such as 500ms, 30s, 5m, 2h, 7d.',
        },
      ]),
    );
  });

  it.each([
    [{ tiers: [] }, ['tiers']],
    [{ tiers: [7] }, ['tiers[0]']],
    [{ tiers: [new FakeFarTier(), memory({ maxEntries: 1 })] }, ['tiers[1]']],
    [{ ...TIERS, sliding: true }, ['sliding']],
    [{ ...TIERS, ttl: Number.NaN }, ['ttl']],
    [{ ...TIERS, ttl: Number.POSITIVE_INFINITY, maxAge: '7d', staleIfError: '1.5h' }, []],
  ])('%j have problems at %j', async (options, paths) => {
    expect(problemsOf({ name: 'covers', ...options })).toEqual(paths);
  });

  it('are checked anew when lifetimes change', async () => {
    const cache = createCache({ name: 'covers', tiers: [memory({ maxEntries: 1 })], ttl: '1s' });
    expect(() => cache.setLifetime({ ttl: 'soon' as '1s' })).toThrow(CacheOptionsError);
    cache.setLifetime({ maxAge: '1m' });
    expect(cache.lifetime).toEqual({ ttl: '1s', maxAge: '1m' });
    await cache.close();
  });

  it('give a memory tier to one cache alone', async () => {
    const tier = memory({ maxEntries: 1 });
    const cache = createCache({ name: 'covers', tiers: [tier] });
    expect(() => createCache({ name: 'pages', tiers: [tier] })).toThrow('cache pages needs its own');
    await cache.close();
  });
});
