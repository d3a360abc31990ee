import { describe, expect, it } from '@jest/globals';
import { ALL_SAMPLED } from '#libs/cache-policies';
import { Ghosts } from './ghosts.js';
import { aCache, anLru, hashOf, skewedKeys } from '../memory/testing/lru-runs.js';

describe('Ghosts', () => {
  it.each([100, 500])('tell exactly what an LRU of twice the size would have hit, with %d entries', (size) => {
    const keys = skewedKeys(20_000, size * 5);
    const [once, twice] = [anLru(size, keys), anLru(size * 2, keys)];
    expect(once.ghostHits).toBe(twice.hits - once.hits);
    expect(once.ghostHits).toBeGreaterThan(500);
  });

  it('estimate it from some of the keys when there would be too many', () => {
    const keys = skewedKeys(60_000, 40_000);
    const [once, twice] = [anLru(9_000, keys), anLru(18_000, keys)];
    const truth = twice.hits - once.hits;
    expect(Math.abs(once.ghostHits - truth) / truth).toBeLessThan(0.15);
  });

  it('stay few, whatever comes', () => {
    const ghosts = new Ghosts();
    for (let i = 0; i < 100_000; i++) ghosts.add(hashOf(i), 1, Infinity, Infinity, Infinity);
    expect(ghosts.size).toBeLessThanOrEqual(1_024);
    expect(ghosts.size).toBeGreaterThan(250);
    expect(ghosts.threshold).toBe(ALL_SAMPLED / 2 ** ghosts.halvings);
  });

  it('keep no more bytes than their tier, and none past its time', () => {
    const ghosts = new Ghosts();
    for (let i = 0; i < 20; i++) ghosts.add(hashOf(i), 10, 500, Infinity, 100);
    expect(ghosts.size).toBe(10);
    expect([ghosts.has(hashOf(19), 499), ghosts.has(hashOf(19), 500), ghosts.has(hashOf(9), 0)]).toEqual([
      true,
      false,
      false,
    ]);
    ghosts.forget(hashOf(19));
    expect(ghosts.has(hashOf(19), 0)).toBe(false);
  });

  it('are counted for each one who waits for the load, and not for what would have expired', async () => {
    const { cache, clock } = aCache({ maxEntries: 1, ttl: 1_000 });
    const load = (key: string) => cache.getOrLoad(key, async (name) => name);
    await load('a');
    await load('b');
    await Promise.all([load('a'), load('a'), load('a')]);
    expect(cache.stats().tiers[0]!.ghostHits).toBe(3);
    await clock.advance(2_000);
    await load('b');
    expect(cache.stats().tiers[0]!.ghostHits).toBe(3);
    await cache.close();
  });

  it('are forgotten when their key is removed after its eviction, and all of them when the cache is cleared', async () => {
    const { cache } = aCache({ maxEntries: 1 });
    const ghostHits = () => cache.stats().tiers[0]!.ghostHits;
    await cache.set('a', 'a');
    await cache.set('b', 'b');
    await cache.get('a');
    expect(ghostHits()).toBe(1);
    await cache.delete('a');
    await cache.get('a');
    expect(ghostHits()).toBe(1);

    await cache.set('c', 'c');
    await cache.delete('c');
    // Nothing is held any more, and b is still a ghost.
    await cache.get('b');
    expect(ghostHits()).toBe(2);
    await cache.clear();
    await cache.get('b');
    expect(ghostHits()).toBe(2);
    await cache.close();
  });
});
