import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { applicable } from './applicable.js';
import { beyondBounds } from './bounds.js';
import type { CacheDescription } from './commands.js';
import { EVICTION_SETTINGS, type ControlSettings } from './settings.js';

const bounds = { tiers: { memory: { minBytes: 10, maxBytes: 50 } }, maxTtlMs: 50, policies: ['lru' as const] };
const description: CacheDescription = {
  cache: 'pages',
  tiers: [
    { tier: 'memory', entries: 1, bytes: 20 },
    { tier: 'disk', entries: 5 },
  ],
  settings: {},
  bounds,
};

describe('What a cache can take of the desired settings', () => {
  it.each<[ControlSettings, ControlSettings, RegExp | undefined]>([
    [{ paused: true, ttlMs: 5, policy: 'lru' }, { paused: true, ttlMs: 5, policy: 'lru' }, undefined],
    [
      { tiers: { memory: { maxBytes: 51 } }, paused: true },
      { paused: true },
      /^memory.maxBytes is 51; the host allows 10/,
    ],
    [
      { tiers: { memory: { maxBytes: 51, maxEntries: 7 }, disk: { maxBytes: 8 } } },
      { tiers: { memory: { maxEntries: 7 }, disk: { maxBytes: 8 } } },
      /maxBytes is 51/,
    ],
    [{ ttlMs: 51, maxAgeMs: 50 }, { maxAgeMs: 50 }, /ttlMs is 51; the host allows at most 50/],
    [{ policy: 'arc', ttlMs: 1 }, { ttlMs: 1 }, /policy arc is not one of those/],
    [{ tiers: { redis: { maxBytes: 1 } }, paused: true }, { paused: true }, /no tier redis/],
  ])('is of %j %j', (desired, taken, reason) => {
    const { settings, refused } = applicable(desired, description);
    expect(settings).toEqual(taken);
    if (reason === undefined) expect(refused).toBeUndefined();
    else expect(refused!.reason).toMatch(reason);
  });

  it('is only what its host lets be done from afar', () => {
    const all: ControlSettings = { paused: true, ttlMs: 1, tiers: { disk: { maxBytes: 1 } } };
    const allowing = (...operations: ('settings' | 'pause')[]) =>
      applicable(all, { ...description, bounds: { ...bounds, operations } });
    expect(allowing('pause')).toMatchObject({ settings: { paused: true }, refused: { refused: 'not_allowed' } });
    expect(allowing('settings').settings).toEqual({ ttlMs: 1, tiers: all.tiers });
    expect(allowing('settings', 'pause')).toEqual({ settings: all });
  });

  it('is no limit by bytes where nothing is weighed, and no policy where there is no memory', () => {
    const counts = { ...description, tiers: [{ tier: 'memory', entries: 1 }] };
    expect(applicable({ tiers: { memory: { maxBytes: 20, maxEntries: 3 } } }, counts)).toMatchObject({
      settings: { tiers: { memory: { maxEntries: 3 } } },
      refused: { refused: 'unsupported' },
    });
    const far = { ...description, tiers: [{ tier: 'redis', entries: 1 }] };
    expect(applicable({ policy: 'lru' }, far)).toMatchObject({ settings: {}, refused: { refused: 'unsupported' } });
  });

  it('leaves to the cache what has another shape', () => {
    for (const tiers of [null, 7, {}, { memory: null }, { memory: 7 }])
      expect(applicable({ tiers } as unknown as ControlSettings, description)).toEqual({ settings: { tiers } });
  });

  it('is within the bounds, whatever is desired, and all of it where nothing is refused', () => {
    const limit = fc.record({ maxBytes: fc.nat(100), maxEntries: fc.nat(100) }, { requiredKeys: [] });
    const desired = fc.record(
      {
        paused: fc.boolean(),
        ttlMs: fc.nat(100),
        staleIfErrorMs: fc.nat(100),
        policy: fc.constantFrom(...EVICTION_SETTINGS),
        tiers: fc.dictionary(fc.constantFrom('memory', 'disk', 'redis'), limit),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(desired, (settings) => {
        const { settings: taken, refused } = applicable(settings, description);
        expect(beyondBounds(taken, bounds)).toBeUndefined();
        expect(applicable(taken, description)).toEqual({ settings: taken });
        if (refused === undefined) expect(taken).toEqual(settings);
        else expect(taken).not.toEqual(settings);
        expect(taken.paused).toBe(settings.paused);
      }),
    );
  });
});
