import { describe, expect, it } from '@jest/globals';
import { FakeClock } from '#libs/time/testing';
import { createCache, loaded, memory, type CacheOptions, type Loader } from './index.js';
import { LocalRecorder } from './record/local-recorder.js';

function aCache(options: Partial<CacheOptions<string, string>> = {}) {
  const clock = new FakeClock();
  const cache = createCache<string, string>({
    name: 'covers',
    tiers: [memory({ maxEntries: 100 })],
    clock,
    random: () => 0.5,
    ...options,
  });
  return { cache, clock };
}

describe('A cache', () => {
  it('answers what was set, at once and by promise, and not what was deleted', async () => {
    const { cache } = aCache();
    expect(cache.getNow('a')).toBeUndefined();
    expect(await cache.get('a')).toBeUndefined();
    expect(await cache.set('a', 'A')).toBe(true);
    expect(cache.getNow('a')).toBe('A');
    expect(await cache.get('a')).toBe('A');
    expect(await cache.has('a')).toBe(true);
    expect(await cache.delete('a')).toBe(true);
    expect(await cache.delete('a')).toBe(false);
    expect(await cache.get('a')).toBeUndefined();
    await cache.close();
  });

  it('loads a missing entry once, however many ask for it', async () => {
    const { cache } = aCache();
    const answer = Promise.withResolvers<string>();
    let loads = 0;
    const load: Loader<string, string> = () => {
      loads++;
      return answer.promise;
    };
    const asked = Array.from({ length: 1_000 }, () => cache.getOrLoad('a', load));
    answer.resolve('A');
    expect(new Set(await Promise.all(asked))).toEqual(new Set(['A']));
    expect(await cache.getOrLoad('a', load)).toBe('A');
    expect(loads).toBe(1);
    await cache.close();
  });

  it('invalidates by tag, by beginning and by predicate, and says first what it would', async () => {
    const { cache } = aCache();
    await cache.set('book:1', 'x', { tags: ['author:7'] });
    await cache.set('book:2', 'y');
    await cache.set('page:1', 'z');
    expect(await cache.invalidateTag('author:7', { dryRun: true })).toMatchObject({ entries: 1 });
    expect(await cache.has('book:1')).toBe(true);
    expect(await cache.invalidateTag('author:7')).toMatchObject({ entries: 1 });
    expect(await cache.has('book:1')).toBe(false);
    expect(await cache.invalidatePrefix('book:')).toMatchObject({ entries: 1 });
    expect(await cache.invalidateWhere((key) => key === 'page:1')).toMatchObject({ entries: 1 });
    await cache.set('a', 'A');
    expect(await cache.clear()).toMatchObject({ entries: 1 });
    await cache.close();
  });

  it('keeps namespaces apart, keys and tags, and clears them with what they are in', async () => {
    const { cache } = aCache();
    const inner = cache.namespace('inner');
    await cache.set('a', 'outer', { tags: ['t'] });
    await inner.set('a', 'inner', { tags: ['t'] });
    expect(await cache.get('a')).toBe('outer');
    expect(await inner.get('a')).toBe('inner');
    expect(await inner.invalidateTag('t')).toMatchObject({ entries: 1 });
    expect(await cache.get('a')).toBe('outer');
    await inner.set('b', 'B');
    expect(await inner.clear()).toMatchObject({ entries: 1 });
    await inner.set('b', 'B');
    expect(await cache.clear()).toMatchObject({ entries: 2 });
    await cache.close();
  });

  it('hands the loader what it held, and keeps it when nothing changed', async () => {
    const { cache, clock } = aCache({ ttl: '1s', staleIfError: '1m' });
    await cache.getOrLoad('a', () => loaded({ value: 'A', version: 'v1' }));
    await clock.advance(2_000);
    expect(await cache.get('a')).toBeUndefined();
    const again = await cache.getOrLoad('a', (_, { previous }) => {
      expect(previous).toEqual({ value: 'A', version: 'v1', ageMs: 2_000 });
      return loaded({ unchanged: true });
    });
    expect(again).toBe('A');
    expect(cache.getNow('a')).toBe('A');
    await cache.close();
  });

  it('has a limit taken away by its host, but not the last one of memory', async () => {
    const changes: unknown[] = [];
    const recorder = new (class extends LocalRecorder {
      override readonly change = (change: unknown) => void changes.push(change);
    })();
    const { cache } = aCache({
      tiers: [memory({ maxEntries: 2, maxBytes: 10_000 })],
      telemetry: { cache: () => recorder },
    });
    await cache.resize('memory', { maxEntries: Number.POSITIVE_INFINITY, maxBytes: undefined } as {
      maxEntries: number;
    });
    for (let i = 0; i < 20; i++) await cache.set(`${i}`, 'A');
    expect(cache.stats().tiers[0]).toMatchObject({ entries: 20, maxBytes: 10_000 });
    expect(cache.stats().tiers[0]!.maxEntries).toBeUndefined();
    expect(changes.at(-1)).toEqual({ change: 'settings', by: 'host', settings: { maxEntries: 'none' } });
    await expect(cache.resize('memory', { maxBytes: Number.POSITIVE_INFINITY })).rejects.toThrow(
      'maxBytes: without it the memory tier would have no limit. Give a number of bytes, or maxEntries with it.',
    );
    await cache.resize('memory', { maxBytes: Number.POSITIVE_INFINITY, maxEntries: 5 });
    expect(cache.stats().tiers[0]).toMatchObject({ entries: 5, maxEntries: 5 });
    await expect(cache.resize('memory', { maxEntries: Number.POSITIVE_INFINITY })).rejects.toThrow('no limit');
    await expect(cache.resize('memory', { maxEntries: Number.NEGATIVE_INFINITY })).rejects.toThrow('is no limit');
    await cache.close();
  });

  it('rejects calls once it is closed, and lets itself be closed again', async () => {
    const { cache } = aCache();
    await cache.close();
    await cache.close();
    expect(() => cache.getNow('a')).toThrow('Cache covers is closed.');
    for (const call of [cache.get('a'), cache.set('a', 'A'), cache.getOrLoad('a', () => 'A'), cache.clear()])
      await expect(call).rejects.toThrow('Cache covers is closed.');
  });
});
