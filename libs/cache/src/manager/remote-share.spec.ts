import { describe, expect, it } from '@jest/globals';
import type { ControlAuthor, ControlTarget } from '#libs/contracts';
import { FakeClock } from '#libs/time/testing';
import { CacheManager, createCache, memory, type Cache, type CacheOptions } from '../index.js';
import { ControllingTelemetry, joined } from '../testing/controlling-telemetry.js';

const MB = 2 ** 20;
const by: ControlAuthor = { role: 'operator', key: 'local' };

function aControlledBudget(maxBytes: number) {
  const clock = new FakeClock();
  const telemetry = new ControllingTelemetry();
  const manager = new CacheManager({ maxBytes, clock });
  const join = async (name: string, more: Partial<CacheOptions<string, string>> = {}) => {
    const tiers = [memory({ maxBytes: MB, policy: 'lru' })] as const;
    const cache = createCache<string, string>({ name, tiers, manager, clock, telemetry, ...more });
    return { cache, target: await joined(telemetry, name) };
  };
  return { clock, manager, join };
}

const limitOf = (cache: Cache<string, string>) => cache.stats().tiers[0]!.maxBytes!;
const desire = (target: ControlTarget, maxBytes?: number) =>
  target.apply(maxBytes === undefined ? {} : { tiers: { memory: { maxBytes } } }, { revision: 1, by });

describe('A size that is desired from afar of a cache with a budget', () => {
  it('is refused beyond its share, and beyond the budget, as beyond any bound of its host', async () => {
    const { clock, manager, join } = aControlledBudget(10 * MB);
    const a = await join('a', { share: { minBytes: 2 * MB, maxBytes: 6 * MB } });
    const b = await join('b', { bounds: { minBytes: MB, operations: ['settings'] } });
    await clock.advance(0);
    expect(a.target.describe().bounds).toEqual({ tiers: { memory: { minBytes: 2 * MB, maxBytes: 6 * MB } } });
    expect(b.target.describe().bounds).toEqual({
      tiers: { memory: { minBytes: MB, maxBytes: 10 * MB } },
      operations: ['settings'],
    });
    const before = [limitOf(a.cache), limitOf(b.cache)];
    expect(await desire(a.target, 2 ** 30)).toMatchObject({ refused: 'bounds' });
    expect(await desire(a.target, MB)).toMatchObject({ refused: 'bounds' });
    expect(await desire(b.target, 10 * MB + 1)).toMatchObject({ refused: 'bounds' });
    await clock.advance(20_000);
    expect([limitOf(a.cache), limitOf(b.cache)]).toEqual(before);
    await Promise.all([a.cache.close(), b.cache.close()]);
    manager.close();
  });

  it('is in force at once, with room made by the others first, and never takes their least', async () => {
    const { clock, manager, join } = aControlledBudget(10 * MB);
    const a = await join('a');
    const b = await join('b', { share: { minBytes: MB } });
    const c = await join('c');
    await clock.advance(0);
    const limits = () => [limitOf(a.cache), limitOf(b.cache), limitOf(c.cache)].map((bytes) => bytes / MB);
    expect(await desire(a.target, 6 * MB)).toBeUndefined();
    expect(limits()).toEqual([6, 2, 2]);
    expect(await desire(a.target, 10 * MB)).toBeUndefined();
    expect(limits()).toEqual([9, 1, 0]);
    expect(await desire(c.target, 5 * MB)).toBeUndefined();
    expect(limits()).toEqual([6, 1, 3]);
    for (let i = 0; i < 200; i++) await a.cache.set(`k${i}`, 'x'.repeat(100_000));
    expect(a.cache.stats().tiers[0]!.bytes).toBeLessThanOrEqual(6 * MB);
    await clock.advance(30_000);
    expect(limits()).toEqual([6, 1, 3]);
    expect(await desire(a.target)).toBeUndefined();
    expect(await desire(c.target)).toBeUndefined();
    expect(limits().reduce((sum, one) => sum + one)).toBeLessThanOrEqual(10);
    expect(Math.min(...limits())).toBeGreaterThan(2);
    await Promise.all([a, b, c].map(({ cache }) => cache.close()));
    manager.close();
  });

  it('is its own matter when its manager has let go of it', async () => {
    const { clock, manager, join } = aControlledBudget(10 * MB);
    const a = await join('a');
    await clock.advance(0);
    manager.close();
    expect(await desire(a.target, 4 * MB)).toBeUndefined();
    expect(limitOf(a.cache)).toBe(4 * MB);
    expect(await desire(a.target)).toBeUndefined();
    expect(limitOf(a.cache)).toBe(10 * MB);
    await a.cache.close();
  });
});
