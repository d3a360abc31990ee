import { expect, it } from '@jest/globals';
import { memory, type Change } from '../index.js';
import { aCache } from '../testing/a-cache.js';
import { FakeFarTier, FakeStore, LocalInvalidations } from '../testing/index.js';

const settle = async () => {
  for (let i = 0; i < 60; i++) await Promise.resolve();
};

it('tells who listens to a key what is done to it, and no one else, until it ends', async () => {
  const store = new FakeStore();
  const { cache, clock } = aCache({ tiers: [memory({ maxEntries: 10 }), new FakeFarTier(store)] });
  const other = aCache({ tiers: [memory({ maxEntries: 10 }), new FakeFarTier(store)] }).cache;
  const told: Change<string>[] = [];
  const end = cache.onChange('a', (change) => void told.push(change));
  const since = async (done: Promise<unknown>) => {
    await done;
    await settle();
    return told.splice(0).map((change) => (change.written ? change.value : 'removed'));
  };
  expect(await since(cache.set('a', 'A', { tags: ['t'] }))).toEqual(['A']);
  expect(await since(cache.getOrLoad('a', () => 'B', { refresh: true }))).toEqual(['B']);
  expect(await since(cache.set('b', 'B'))).toEqual([]);
  expect(await since(cache.namespace('inner').set('a', 'A'))).toEqual([]);
  expect(await since(cache.clear({ dryRun: true }))).toEqual([]);
  expect(await since(cache.invalidatePrefix('b'))).toEqual([]);
  expect(await since(cache.invalidateTag('t'))).toEqual(['removed']);
  expect(await since(cache.delete('a'))).toEqual(['removed']);
  expect(await since(cache.clear())).toEqual(['removed']);
  expect(await since(other.delete('a'))).toEqual(['removed']);
  end();
  end();
  expect(await since(cache.set('a', 'A'))).toEqual([]);
  await clock.advance(0);
  await Promise.all([cache.close(), other.close()]);
});

it('tells of a write or load that leaves nothing held', async () => {
  const { cache } = aCache();
  const told: boolean[] = [];
  cache.onChange('a', ({ written }) => void told.push(written));
  const leaves = async (done: () => Promise<unknown>) => {
    await cache.set('a', 'A');
    told.length = 0;
    await done();
    return [told, await cache.has('a')];
  };
  const nothing = [[false], false];
  expect(await leaves(() => cache.set('a', undefined))).toEqual(nothing);
  expect(await leaves(() => cache.set('a', 'B', { ttl: 0 }))).toEqual(nothing);
  expect(await leaves(() => cache.getOrLoad('a', () => undefined, { refresh: true }))).toEqual(nothing);
  expect(
    await leaves(async () => {
      cache.pause();
      await cache.set('a', 'B');
      cache.resume();
    }),
  ).toEqual(nothing);
  await cache.close();
});

it('goes on when one of them throws: onProblem is told, and everything is done and told as if it had not', async () => {
  const problems: Error[] = [];
  const store = new FakeStore();
  const far = new FakeFarTier(store);
  const { cache } = aCache({
    tiers: [memory({ maxEntries: 10 }), far],
    onProblem: (problem) => void problems.push(problem),
  });
  const told: unknown[] = [];
  cache.onChange('a', () => {
    throw new Error('a view that broke');
  });
  cache.onChange('a', ({ value }) => void told.push(value));
  expect(await cache.set('a', 'A')).toBe(true);
  expect(await far.get('a')).toMatchObject({ value: 'A' });
  expect(await cache.getOrLoad('a', () => 'B', { refresh: true })).toBe('B');
  expect(cache.getNow('a')).toBe('B');
  expect(await cache.delete('a')).toBe(true);
  expect(told).toEqual(['A', 'B', undefined]);
  expect(problems.map(({ message }) => message)).toEqual(Array(3).fill('a view that broke'));
  await cache.close();
});

it('tells of what another instance of the cache says over the bus', async () => {
  const invalidations = { bus: new LocalInvalidations(), secret: 'a secret of the service' };
  const { cache } = aCache({ invalidations });
  // Instances tell themselves apart by what they drew.
  const other = aCache({ invalidations, random: () => 0.25 }).cache;
  await settle();
  await cache.set('a', 'A', { tags: ['t'] });
  await settle();
  const told: boolean[] = [];
  cache.onChange('a', ({ written }) => void told.push(written));
  await other.invalidateTag('t');
  await settle();
  expect([told, cache.getNow('a')]).toEqual([[false], undefined]);
  await Promise.all([cache.close(), other.close()]);
});
