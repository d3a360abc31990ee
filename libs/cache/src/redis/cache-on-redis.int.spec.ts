import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { createClient } from '@redis/client';
import { SystemClock } from '#libs/time';
import { describeWithRedis } from '#test/support';
import { createCache, memory, type Cache, type CacheOptions } from '../index.js';
import { redis } from './redis-tier.js';

const clock = new SystemClock();
const opened: Cache<string, string>[] = [];

function open(url: string, options: Partial<CacheOptions<string, string>> = {}): Cache<string, string> {
  const cache = createCache<string, string>({
    name: 'solo',
    tiers: [memory({ maxEntries: 100 }), redis({ url })],
    ...options,
  });
  opened.push(cache);
  return cache;
}

afterEach(async () => {
  for (const cache of opened.splice(0)) await cache.close();
});

describeWithRedis('A cache of memory before Redis, while it connects,', 4, (server) => {
  beforeEach(async () => {
    const client = createClient({ url: server().url });
    await client.connect();
    await client.flushAll();
    client.destroy();
  });

  it('keeps in memory what is loaded', async () => {
    const cache = open(server().url);
    const keys = ['a', 'b', 'c', 'd', 'e'];
    const load = async (key: string) => {
      await clock.sleep(50);
      return key;
    };
    await Promise.all(keys.map((key) => cache.getOrLoad(key, load)));
    expect(keys.map((key) => cache.getNow(key))).toEqual(keys);
    expect(cache.stats()).toMatchObject({ outdated: 0, loads: 5 });
  });

  it('keeps in memory what is set', async () => {
    const cache = open(server().url);
    await cache.set('a', 'A');
    await cache.ready();
    expect(await cache.has('a')).toBe(true);
    expect(cache.getNow('a')).toBe('A');
  });

  it('hears of what another instance overwrites from its first read on', async () => {
    const other = open(server().url);
    await other.ready();
    await other.set('a', 'older');
    const cache = open(server().url);
    expect(await cache.get('a')).toBe('older');
    await other.set('a', 'newer');
    while (cache.getNow('a') !== undefined) await clock.sleep(5);
    expect(await cache.get('a')).toBe('newer');
  });

  it('has one process at a time load a key', async () => {
    let loads = 0;
    const load = async () => {
      loads++;
      await clock.sleep(50);
      return 'A';
    };
    const caches = [1, 2].map(() => open(server().url, { lockAcrossProcesses: true }));
    expect(await Promise.all(caches.map((cache) => cache.getOrLoad('a', load)))).toEqual(['A', 'A']);
    expect(loads).toBe(1);
  });
});
