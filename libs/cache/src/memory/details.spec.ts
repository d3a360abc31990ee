import { expect, it } from '@jest/globals';
import { createCache, loaded, memory } from '../index.js';
import { FakeFarTier } from '../testing/index.js';
import { FakeClock } from '#libs/time/testing';

const aTieredCache = async (tiers: 'memory' | 'memory and far' | 'far') => {
  const clock = new FakeClock();
  const near = memory({ maxBytes: 10_000, overheadBytes: 0, weigher: () => 4_000, policy: 'lru' });
  const cache = createCache<string, string>({
    name: 'c',
    tiers: tiers === 'memory' ? [near] : tiers === 'far' ? [new FakeFarTier()] : [near, new FakeFarTier()],
    ttl: 60_000,
    staleWhileRevalidate: 60_000,
    clock,
    random: () => 0.5,
  });
  await cache.ready();
  const load = (key: string, value: string = key) =>
    cache.getOrLoad(key, async () => {
      await clock.sleep(40);
      return value;
    });
  const bring = async (key: string) => {
    const loading = load(key);
    await clock.advance(40);
    await loading;
  };
  return { clock, cache, bring };
};

it('A cache knows what its hits saved, and how old what they found was: one in some 256', async () => {
  const { clock, cache, bring } = await aTieredCache('memory');
  await bring('a');
  await clock.advance(3_000);
  for (let i = 0; i < 1_000; i++) cache.getNow('a');
  const { costSavedNs, distributions } = cache.stats().tiers[0]!;
  expect(costSavedNs).toBe(1_000 * 40e6);
  expect(distributions.ageAtHit).toMatchObject({ count: 3, mean: 3_000 });
  expect(distributions.getDuration.count).toBe(3);
  expect(distributions.loadDuration).toMatchObject({ count: 1, mean: 40e6 });
  await cache.close();
});

it('A cache knows what it wrote, and how long that stayed', async () => {
  const { clock, cache } = await aTieredCache('memory');
  for (const key of ['a', 'b', 'c']) {
    await cache.set(key, key);
    await clock.advance(500);
  }
  const { distributions, removals } = cache.stats().tiers[0]!;
  expect(distributions.writeSize).toMatchObject({ count: 3, mean: 4_000 });
  expect([removals.evicted, distributions.timeToEviction]).toEqual([
    1,
    expect.objectContaining({ count: 1, mean: 1_000 }),
  ]);
  await cache.close();
});

it('A tier beyond memory knows what its hits saved, and the age of each', async () => {
  for (const tiers of ['memory and far', 'far'] as const) {
    const { clock, cache, bring } = await aTieredCache(tiers);
    await bring('a');
    await bring('b');
    await bring('c');
    await clock.advance(1_000);
    // Memory has room for two.
    await cache.get('a');
    const { costSavedNs, distributions, requests } = cache.stats().tiers.at(-1)!;
    expect([requests.hit, costSavedNs, distributions.ageAtHit]).toEqual([
      1,
      40e6,
      expect.objectContaining({ count: 1, mean: 1_080 }),
    ]);
    await cache.close();
  }
});

it('A cache knows how old what it loaded again was, and whether it had changed', async () => {
  const { clock, cache, bring } = await aTieredCache('memory');
  await bring('a');
  await clock.advance(5_000);
  await cache.revalidate('a', async () => 'other');
  await clock.advance(7_000);
  await cache.revalidate('a', async () => loaded({ unchanged: true }));
  const { refreshes, distributions } = cache.stats().tiers[0]!;
  expect(refreshes).toEqual({ changed: 1, unchanged: 1 });
  expect(distributions.ageAtRefresh).toMatchObject({ count: 2, mean: 6_000 });
  await cache.close();
});
