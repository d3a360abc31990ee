import { describe, expect, it } from '@jest/globals';
import { CacheManager, CacheOptionsError, createCache, memory, type Cache } from '../index.js';
import { aCache } from '../testing/a-cache.js';
import { LocalRecorder } from '../record/local-recorder.js';

/** What code does that no compiler has checked. */
type Loose = Readonly<Record<string, (...args: unknown[]) => unknown>>;

const loose = (cache: Cache<string, string>) => cache as unknown as Loose;
const call = async (attempt: () => unknown): Promise<unknown> => attempt();

describe('Arguments that are none', () => {
  it.each<[string, () => unknown, string]>([
    [
      'createCache()',
      () => (createCache as unknown as () => unknown)(),
      'options: is left out. Give an object such as { name',
    ],
    [
      'createCache(null)',
      () => (createCache as unknown as (options: null) => unknown)(null),
      'options: is null. Give an object',
    ],
    [
      'memory()',
      () => createCache({ name: 'covers', tiers: [(memory as () => ReturnType<typeof memory>)()] }),
      'tiers[0].maxBytes: neither it nor maxEntries is given',
    ],
    [
      'memory(…) with a name mistyped',
      () => createCache({ name: 'covers', tiers: [memory({ maxBytes: 1, maxByte: 2 } as { maxBytes: number })] }),
      'tiers[0].maxByte: there is no such option. There are maxBytes, maxEntries, policy,',
    ],
    [
      'new CacheManager(…) with a name mistyped',
      () => new CacheManager({ maxBytes: 10, maxByte: 5 } as { maxBytes: number }),
      'maxByte: there is no such option. There are maxBytes, pressure,',
    ],
    [
      'new CacheManager()',
      () => new (CacheManager as unknown as new () => unknown)(),
      'options: is left out. Give an object such as { maxBytes: 512 * 2 ** 20 }',
    ],
  ])('%s is told what to give', (_, attempt, message) => {
    expect(attempt).toThrow(CacheOptionsError);
    expect(attempt).toThrow(message);
  });

  it.each<[string, (cache: Loose) => unknown, string]>([
    ['resize without limits', (c) => c['resize']!('memory'), 'limits: is left out. Give an object such as { maxBytes'],
    [
      'resize with a name mistyped',
      (c) => c['resize']!('memory', { maxByte: 5 }),
      'maxByte: there is no such limit. There are maxBytes, maxEntries.',
    ],
    ['set with tags that are no list', (c) => c['set']!('a', 'A', { tags: 'abc' }), 'tags: is a string. Give a list'],
    [
      'set with a tag that is none',
      (c) => c['set']!('a', 'A', { tags: [7] }),
      'A tag is a text, and this is a number.',
    ],
    ['set with no options', (c) => c['set']!('a', 'A', null), 'options: is null. Give an object such as { ttl'],
    ['set with a time', (c) => c['set']!('a', 'A', 5), 'options: is a number. Give an object such as { ttl'],
    [
      'set with a name mistyped',
      (c) => c['set']!('a', 'A', { TTL: 5 }),
      'TTL: there is no such option here. There are ttl, maxAge, staleWhileRevalidate, staleIfError, tags, version, cost.',
    ],
    ['set with no duration', (c) => c['set']!('a', 'A', { ttl: '5 m' }), 'ttl: 5 m is no duration.'],
    ['set with no version', (c) => c['set']!('a', 'A', { version: 7 }), 'version: is a number. Give a text'],
    ['set with no cost', (c) => c['set']!('a', 'A', { cost: -1 }), 'cost: -1 is no cost. Give ms'],
    [
      'getOrLoad with a name mistyped',
      (c) => c['getOrLoad']!('a', () => 'A', { softTimeOut: 5 }),
      'softTimeOut: there is no such option here. There are ttl',
    ],
    ['getOrLoad with no signal', (c) => c['getOrLoad']!('a', () => 'A', { signal: {} }), 'signal: is an object. Give'],
    ['getOrLoad with no timeout', (c) => c['getOrLoad']!('a', () => 'A', { softTimeout: -5 }), 'softTimeout: -5 is no'],
    ['getMany with a name mistyped', (c) => c['getMany']!(['a'], () => ['A'], { tag: [] }), 'tag: there is no such'],
    ['revalidate with no refresh', (c) => c['revalidate']!('a', () => 'A', { refresh: 1 }), 'refresh: is a number.'],
    ['warm with a name mistyped', (c) => c['warm']!(['a'], () => ['A'], { tll: 1 }), 'tll: there is no such option'],
    [
      'a beginning that is none',
      (c) => c['invalidatePrefix']!(null),
      'Give that of a text, or the first parts of a list',
    ],
    ['a loader that is none', (c) => c['getOrLoad']!('a', 'str'), 'loader: is a string. Give a function of the key'],
    ['revalidate with none', (c) => c['revalidate']!('a', 7), 'loader: is a number. Give a function of the key'],
    ['a batch loader that is none', (c) => c['getMany']!(['a'], {}), 'batchLoader: is an object. Give a function of'],
    ['getMany without keys', (c) => c['getMany']!(), 'keys: is left out. Give a list of keys'],
    ['warm with what is no list', (c) => c['warm']!(5), 'keys: is a number. Give a list of keys'],
    ['a predicate that is none', (c) => c['invalidateWhere']!(3), 'predicate: is a number. Give a function of'],
    ['a listener that is none', (c) => c['onChange']!('a'), 'listener: is left out. Give a function of'],
    ['a snapshot that is none', (c) => c['importSnapshot']!(null), 'snapshot: is null. Give its parts'],
    ['a lifetime that is none', (c) => c['setLifetime']!(), 'lifetime: is left out. Give an object such as { ttl'],
  ])('%s is refused, and changes nothing', async (_, attempt, message) => {
    const changes: unknown[] = [];
    const recorder = new (class extends LocalRecorder {
      override readonly change = (change: unknown) => void changes.push(change);
    })();
    const { cache } = aCache({ telemetry: { cache: () => recorder }, ttl: '1s' });
    await expect(call(() => attempt(loose(cache)))).rejects.toThrow(TypeError);
    await expect(call(() => attempt(loose(cache)))).rejects.toThrow(message);
    expect(changes).toMatchObject([{ change: 'created', by: 'host' }]);
    expect(cache.stats()).toMatchObject({ loads: 0, loadErrors: 0 });
    expect(cache.lifetime).toEqual({ ttl: '1s' });
    await cache.close();
  });

  it('of a lifetime are told all, names that there are not included', async () => {
    const { cache } = aCache();
    expect(() => loose(cache)['setLifetime']!({ ttl: 'x', maxage: 3 })).toThrow(
      expect.objectContaining({
        problems: [
          expect.objectContaining({ path: 'maxage', message: expect.stringContaining('there is no such setting') }),
          expect.objectContaining({ path: 'ttl' }),
        ],
      }),
    );
    await cache.close();
  });
});
