import { describe, expect, it } from '@jest/globals';
import { memory } from '../index.js';
import { aCache } from './a-cache.js';
import {
  createOrigin,
  expectAbsent,
  expectCounts,
  expectFresh,
  expectNoStampede,
  expectStale,
  playTrace,
  traceWeigher,
} from './index.js';

const never = new AbortController().signal;
const context = { signal: never, previous: undefined };

describe('An origin', () => {
  it('answers what it has after its latency, on the clock of the test, and records it', async () => {
    const { cache, clock } = aCache();
    const origin = createOrigin({ values: { a: 'A' }, latency: 50, clock });
    const asked = [cache.getOrLoad('a', origin.load), cache.getOrLoad('nothing', origin.load)];
    await clock.advance(49);
    expect(origin.running).toBe(2);
    await clock.advance(1);
    expect(await Promise.all(asked)).toEqual(['A', undefined]);
    expect(origin.calls.map(({ key, outcome }) => [key, outcome])).toEqual([
      ['a', 'answered'],
      ['nothing', 'answered'],
    ]);
    expect([origin.running, origin.mostAtOnce, origin.callsOf('a').length]).toEqual([0, 2, 1]);
    await cache.close();
  });

  it('follows its script: hangs until it is aborted, fails, is slow, answers another value, is deaf', async () => {
    const { cache, clock } = aCache({ hardTimeout: '1s' });
    const origin = createOrigin({
      values: { a: 'A' },
      clock,
      script: ['hang', 'throw', new RangeError('odd'), { slow: 10 }, { value: 'B' }, { deaf: 5_000 }],
    });
    const hung = cache.getOrLoad('a', origin.load);
    hung.catch(() => undefined);
    await clock.advance(1_000);
    await expect(hung).rejects.toThrow('took longer than 1000 ms');
    await expect(cache.getOrLoad('a', origin.load)).rejects.toThrow('was to fail');
    await expect(cache.getOrLoad('a', origin.load)).rejects.toThrow('odd');
    const slow = cache.getOrLoad('a', origin.load);
    await clock.advance(10);
    expect(await slow).toBe('A');
    expect(await cache.getOrLoad('a', origin.load, { refresh: true })).toBe('B');
    const deaf = cache.getOrLoad('b', origin.load);
    deaf.catch(() => undefined);
    await clock.advance(1_000);
    await expect(deaf).rejects.toThrow('took longer');
    expect(origin.running).toBe(1);
    await clock.advance(4_000);
    await expectAbsent(cache, 'b');
    await expectFresh(cache, 'a', 'B');
    expect(origin.calls.map(({ outcome }) => outcome)).toEqual([
      'aborted',
      'failed',
      'failed',
      'answered',
      'answered',
      'answered',
    ]);
    await cache.close();
  });

  it('fails by chance, the same calls for the same seed', async () => {
    const outcomes = async (seed: number) => {
      const origin = createOrigin({ values: (key: string) => key, failures: 0.5, seed });
      for (let i = 0; i < 40; i++) await Promise.resolve(origin.load('a', context)).catch(() => undefined);
      return origin.calls.map(({ outcome }) => outcome).join();
    };
    expect(await outcomes(1)).toBe(await outcomes(1));
    expect(await outcomes(1)).not.toBe(await outcomes(2));
    expect((await outcomes(1)).match(/failed/g)!.length).toBeGreaterThan(10);
  });

  it('loads many at once, with an error in the place of what fails', async () => {
    const origin = createOrigin<string>({
      values: { a: 'A', c: 'C' },
      failures: (key) => (key === 'b' ? new Error('No b.') : undefined),
    });
    const { cache } = aCache({ batchLoader: origin.loadMany });
    await expect(cache.getMany(['a', 'b', 'c'])).rejects.toMatchObject({ values: ['A', undefined, 'C'] });
    expect([origin.batches, origin.calls.length]).toEqual([1, 3]);
    await cache.close();
  });
});

describe('The expectations', () => {
  it('tell a stampede, which a cache without single flight lets through', async () => {
    const origin = createOrigin({ values: { a: 'A' } });
    expect(() => expectNoStampede(origin)).toThrow('never asked');
    const { cache } = aCache();
    await Promise.all(Array.from({ length: 100 }, () => cache.getOrLoad('a', origin.load)));
    expectNoStampede(origin, { loadsPerKey: 1 });
    // Any cache that asks and then fills.
    const held = new Map<string, string>();
    const ask = async (key: string) => {
      if (!held.has(key)) held.set(key, (await origin.load(key, context)) as string);
      return held.get(key);
    };
    await Promise.all([ask('a'), ask('a'), ask('a')]);
    expect(() => expectNoStampede(origin)).toThrow('3 loads of "a" ran at the same time; at most 1 may.');
    expect(() => expectNoStampede(origin, { atOnce: 3, loadsPerKey: 1 })).toThrow('"a" was loaded 4 times');
    await cache.close();
  });

  it('tell all counts that differ, by tier', async () => {
    const { cache } = aCache();
    await cache.get('a');
    await cache.set('a', 'A');
    await cache.get('a');
    expectCounts(cache, { gets: 2, loads: 0, tiers: { memory: { hit: 1, miss: 1, writes: 1, entries: 1 } } });
    expect(() =>
      expectCounts(cache, { loads: 1, tiers: { memory: { hit: 2, evicted: 0 }, disk: { hit: 0 } } }),
    ).toThrow(
      'Cache covers counts otherwise: loads is 0, not 1; memory.hit is 1, not 2; there is no tier disk, but memory.',
    );
    await cache.close();
  });

  it('tell fresh from stale and absent, and what is held from what is wanted', async () => {
    const { cache, clock } = aCache({ ttl: '1s', staleWhileRevalidate: '1s' });
    await cache.set('a', 'A');
    await expectFresh(cache, 'a', 'A');
    await expect(expectFresh(cache, 'a', 'B')).rejects.toThrow('Cache covers holds "A" under "a", not "B".');
    await expect(expectStale(cache, 'a')).rejects.toMatchObject({ name: 'AssertionError', actual: 'fresh' });
    await clock.advance(1_500);
    await expectStale(cache, 'a');
    await expect(expectFresh(cache, 'a')).rejects.toThrow('Cache covers has "a" stale in memory');
    await clock.advance(1_000);
    await expectAbsent(cache, 'a');
    await cache.set('a', 'A');
    await expect(expectAbsent(cache, 'a')).rejects.toThrow('fresh in memory');
    await cache.close();
  });
});

describe('The trace player', () => {
  it('fills in what is missing and says both ratios, as the cache counts them', async () => {
    const { cache } = aCache<{ readonly key: string; readonly bytes?: number }>({
      tiers: [memory({ maxBytes: 100, weigher: traceWeigher, overheadBytes: 0 })],
    });
    const played = await playTrace(cache, '# key size\nsmall 10\nlarge 90\nsmall 10\nhuge 200\nlarge 90\nhuge 200\n');
    expect(played).toMatchObject({ requests: 6, hits: 2, bytes: 600, hitBytes: 100, hitRatio: 2 / 6 });
    expect(played.byteHitRatio).toBeCloseTo(1 / 6);
    expectCounts(cache, { gets: 6, tiers: { memory: { hit: 2, miss: 4, rejected: 2 } } });
    await expect(playTrace(cache, ['a', { key: 'a', bytes: 5 }])).resolves.toMatchObject({ hits: 1, hitBytes: 5 });
    await expect(playTrace(cache, 'a b')).rejects.toThrow('Line 1');
    await cache.close();
  });
});
