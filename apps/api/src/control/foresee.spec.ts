import { describe, expect, it } from '@jest/globals';
import type { CacheDescription, ControlSettings } from '#libs/contracts';
import { foresee } from './foresee.js';

const weighs: CacheDescription = {
  cache: 'pages',
  tiers: [
    { tier: 'memory', entries: 100, bytes: 5_000, maxBytes: 8_000 },
    { tier: 'disk', entries: 900, bytes: 90_000 },
  ],
  settings: { policy: 'lru' },
  bounds: { tiers: { memory: { maxBytes: 100_000 } } },
};
const counts: CacheDescription = { cache: 'pages', tiers: [{ tier: 'memory', entries: 100 }], settings: {} };
const far: CacheDescription = { cache: 'pages', tiers: [{ tier: 'redis', entries: 5 }], settings: {} };

describe('What an instance would do with settings', () => {
  it.each<[ControlSettings, CacheDescription, string | undefined]>([
    [{ tiers: { memory: { maxBytes: 8_000 } } }, weighs, undefined],
    [{ tiers: { memory: { maxBytes: 100_001 } } }, weighs, 'bounds'],
    [{ tiers: { memory: { maxBytes: 8_000 } } }, counts, 'unsupported'],
    [{ tiers: { memory: { maxEntries: 200 } } }, counts, undefined],
    [{ tiers: { disk: { maxBytes: 8_000 } } }, counts, 'unsupported'],
    [{ tiers: { redis: { maxBytes: 8_000 } } }, far, undefined],
    [{ policy: 'lru' }, far, 'unsupported'],
    [{ policy: 'lru' }, counts, undefined],
  ])('%j: %#', (settings, description, refused) => {
    expect(foresee(settings, description)).toMatchObject({ known: true, ...(refused !== undefined && { refused }) });
    expect(foresee(settings, description).refused).toBe(refused);
  });

  it('names what would be evicted, tier by tier, by what would not be refused', () => {
    const smaller = { memory: { maxBytes: 4_000, maxEntries: 40 }, disk: { maxEntries: 1_000, maxBytes: 1 } };
    expect(foresee({ tiers: smaller }, weighs).evicts).toEqual([
      { tier: 'memory', entries: 60, bytes: 1_000 },
      { tier: 'disk', bytes: 89_999 },
    ]);
    expect(foresee({ tiers: { memory: { maxBytes: 5_000 } } }, weighs)).toEqual({ known: true });
    expect(foresee({ tiers: { disk: smaller.disk, redis: { maxBytes: 1 } } }, weighs)).toMatchObject({
      refused: 'unsupported',
      evicts: [{ tier: 'disk', bytes: 89_999 }],
    });
    expect(foresee({ tiers: { memory: { maxBytes: 100_001, maxEntries: 40 } } }, weighs)).toMatchObject({
      refused: 'bounds',
      evicts: [{ tier: 'memory', entries: 60 }],
    });
  });

  it('is not known without a report of such a cache', () => {
    expect(foresee({ ttlMs: 1 }, undefined)).toEqual({ known: false });
  });
});
