import { describe, expect, it } from '@jest/globals';
import { FakeClock } from '#libs/time/testing';
import { CacheManager, CacheOptionsError, createCache, memory, type Cache, type CacheOptions } from '../index.js';
import type { CacheManagerOptions } from './manager-options.js';

const MB = 2 ** 20;

function aManager(options: Partial<CacheManagerOptions> = {}) {
  const clock = new FakeClock();
  const problems: Error[] = [];
  const level = { usedBytes: 0 };
  const manager = new CacheManager({
    maxBytes: 12 * MB,
    clock,
    pressure: { read: async () => [{ of: 'heap', usedBytes: level.usedBytes, limitBytes: 100 }] },
    onProblem: (problem) => void problems.push(problem),
    ...options,
  });
  const join = (name: string, more: Partial<CacheOptions<string, string>> = {}) =>
    createCache<string, string>({ name, tiers: [memory({ maxBytes: MB, policy: 'lru' })], manager, clock, ...more });
  return { manager, clock, level, problems, join };
}

const limitOf = (cache: Cache<string, string>) => cache.stats().tiers[0]!.maxBytes!;

/** Fills a cache's memory and asks for what it holds, so often for each entry. */
async function used(cache: Cache<string, string>, times: number): Promise<void> {
  const value = 'x'.repeat(100_000);
  const entries = Math.ceil(limitOf(cache) / 100_000);
  for (let i = 0; i < entries; i++) await cache.set(`k${i}`, value);
  for (let i = 0; i < entries * times; i++) cache.getNow(`k${i % entries}`);
}

describe('A cache manager', () => {
  it('splits its budget over the caches that were made with it, by weight and bounds, and anew when one leaves', async () => {
    const { manager, clock, join } = aManager();
    const a = join('a');
    const b = join('b', { share: { weight: 3 } });
    const unweighed = createCache({ name: 'entries', tiers: [memory({ maxEntries: 5 })], manager, clock });
    await clock.advance(0);
    expect([limitOf(a), limitOf(b)]).toEqual([3 * MB, 9 * MB]);
    expect(manager.names).toEqual(['a', 'b', 'entries']);
    expect(manager.cache('b')!.share).toEqual({ weight: 3 });
    const report = manager.report();
    expect(report).toMatchObject({ maxBytes: 12 * MB, factor: 1, pressure: 'calm' });
    expect(report.caches.map(({ cache, share, desired }) => [cache, share, desired])).toEqual([
      ['a', 0.25, false],
      ['b', 0.75, false],
      ['entries', 0, false],
    ]);
    expect(() => join('a')).toThrow('has a cache named a already');
    await b.close();
    await clock.advance(0);
    expect(limitOf(a)).toBe(12 * MB);
    await Promise.all([a.close(), unweighed.close()]);
    expect(manager.names).toEqual([]);
    manager.close();
  });

  it('moves memory to where bytes answer more gets, a fifth at a time, and never has more out than its budget', async () => {
    const { manager, clock, join } = aManager();
    const [busy, idle] = [join('busy'), join('idle')];
    await clock.advance(0);
    expect([limitOf(busy), limitOf(idle)]).toEqual([6 * MB, 6 * MB]);
    for (let round = 0; round < 6; round++) {
      await used(busy, 20);
      await used(idle, 1);
      const before = limitOf(busy);
      await clock.advance(10_000);
      expect(limitOf(busy)).toBeLessThanOrEqual(Math.ceil(before * 1.2));
      expect(limitOf(busy) + limitOf(idle)).toBeLessThanOrEqual(12 * MB);
    }
    expect(limitOf(busy) / limitOf(idle)).toBeGreaterThan(2);
    expect(limitOf(idle)).toBeGreaterThan(MB);
    await Promise.all([busy.close(), idle.close()]);
    manager.close();
  });

  it('makes room under pressure, at once and in steps, and gives back when it has been calm', async () => {
    const { manager, clock, level, join } = aManager();
    const a = join('a');
    await clock.advance(0);
    await used(a, 1);
    level.usedBytes = 90;
    await clock.advance(1_000);
    expect(limitOf(a)).toBe(Math.floor(12 * MB * 0.8));
    expect(a.stats().tiers[0]!.bytes).toBeLessThanOrEqual(limitOf(a));
    expect(manager.report()).toMatchObject({ pressure: 'tight', fullest: { of: 'heap', usedBytes: 90 } });
    expect(manager.describe()).toMatchObject({ 'manager.pressure': 'tight', 'manager.factor': 0.8 });
    level.usedBytes = 99;
    await clock.advance(1_000);
    expect(limitOf(a)).toBe(Math.floor(12 * MB * 0.4));
    level.usedBytes = 10;
    await clock.advance(20_000);
    expect(limitOf(a)).toBe(Math.floor(12 * MB * 0.4));
    await clock.advance(300_000);
    expect(manager.report()).toMatchObject({ pressure: 'calm', factor: 1 });
    await a.close();
    manager.close();
  });

  it('squeezes nobody when nothing can be read, and goes on after a failure', async () => {
    let fails = true;
    const { manager, clock, problems, join } = aManager({
      pressure: { read: async () => (fails ? Promise.reject(new Error('no heap')) : []) },
    });
    const a = join('a');
    await clock.advance(1_000);
    expect(problems.map(({ message }) => message)).toEqual(['no heap']);
    fails = false;
    await clock.advance(1_000);
    expect(limitOf(a)).toBe(12 * MB);
    await a.close();
    manager.close();
  });

  it('refuses a cache whose least does not fit beside that of the others', async () => {
    const { manager, join } = aManager();
    const a = join('a', { share: { minBytes: 8 * MB } });
    expect(() => join('b', { share: { minBytes: 8 * MB } })).toThrow(
      `share.minBytes: ${8 * MB} does not fit: of the manager's budget of ${12 * MB} the least of its other caches leaves ${4 * MB}.`,
    );
    expect(manager.names).toEqual(['a']);
    await a.close();
    const b = join('b', { share: { minBytes: 8 * MB } });
    await b.close();
    manager.close();
  });

  it('refuses options that cannot work, all at once, and so does a cache', () => {
    const wrong = { maxBytes: -1, lookEveryMs: 0, pressureOptions: { calmBelow: 0.9 } };
    const message = (make: () => unknown): string => {
      try {
        make();
      } catch (problem) {
        if (problem instanceof CacheOptionsError) return problem.message;
      }
      throw new Error('It was not refused.');
    };
    expect(message(() => new CacheManager(wrong))).toMatch(/maxBytes: -1[^]*lookEveryMs: 0[^]*do not rise/);
    const { join, manager } = aManager();
    expect(message(() => join('a', { share: { weight: -1, minBytes: 5, maxBytes: 4 } }))).toMatch(
      /share\.weight: -1[^]*share\.minBytes: is more than share\.maxBytes/,
    );
    expect(manager.names).toEqual([]);
    manager.close();
  });
});
