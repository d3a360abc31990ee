import { describe, expect, it } from '@jest/globals';
import { beyondBounds, operationBeyond } from './bounds.js';
import { operationProblem } from './operation-problem.js';
import { settingsProblem, type ControlSettings } from './settings.js';

describe('The bounds of a host', () => {
  const bounds = {
    tiers: { memory: { minBytes: 1_000, maxBytes: 5_000, maxEntries: 10 } },
    maxTtlMs: 60_000,
    policies: ['lru', 'sieve'],
    operations: ['settings', 'inspect', 'pin'],
  };

  it.each([
    [{ tiers: { memory: { maxBytes: 5_000 } } }, undefined],
    [{ tiers: { memory: { maxBytes: 5_001 } } }, 'bounds'],
    [{ tiers: { memory: { maxBytes: 999 } } }, 'bounds'],
    [{ tiers: { memory: { maxEntries: 11 } } }, 'bounds'],
    [{ tiers: { disk: { maxBytes: 1 } } }, undefined],
    [{ policy: 'lru' as const }, undefined],
    [{ policy: 'arc' as const }, 'bounds'],
    [{ staleIfErrorMs: 60_001 }, 'bounds'],
    [{ paused: true }, 'not_allowed'],
    [{ paused: false }, 'not_allowed'],
  ])('judge %j: %s', (settings, refused) => {
    expect(beyondBounds(settings, bounds)?.refused).toBe(refused);
  });

  it('leave to the cache what has no right shape', () => {
    for (const tiers of [null, 7, { memory: null }, { memory: 7 }])
      expect(beyondBounds({ tiers } as unknown as ControlSettings, bounds)).toBeUndefined();
  });

  it('let everything pass where there are none', () => {
    expect(beyondBounds({ paused: true, policy: 'arc', ttlMs: 1e9 })).toBeUndefined();
    expect(operationBeyond({ do: 'clear' })).toBeUndefined();
  });

  it.each([
    [{ do: 'unpin' as const, key: 'a' }, undefined],
    [{ do: 'verify' as const }, undefined],
    [{ do: 'verify' as const, repair: true }, 'not_allowed'],
    [{ do: 'clear' as const }, 'not_allowed'],
  ])('judge the operation %j: %s', (operation, refused) => {
    expect(operationBeyond(operation, bounds)?.refused).toBe(refused);
  });
});

it.each([
  [{ do: 'clear' as const }, undefined],
  [{ do: 'clear' as const, key: 'a' }, '/key'],
  [{ do: 'invalidate' as const }, ''],
  [{ do: 'invalidate' as const, key: 'a', tag: 'b' }, ''],
  [{ do: 'invalidate' as const, prefix: 'a' }, undefined],
  [{ do: 'warm' as const, keys: [] }, '/keys'],
  [{ do: 'warm' as const, hottest: 10 }, undefined],
  [{ do: 'verify' as const, repair: true }, undefined],
  [{ do: 'inspect' as const, key: 'a', repair: true }, '/repair'],
])('finds what is wrong with the operation %j', (operation, pointer) => {
  expect(operationProblem(operation)?.pointer).toBe(pointer);
});

it.each([
  [{}, ''],
  [{ tiers: { memory: {} } }, ''],
  [{ sampling: {} }, ''],
  [{ ttlMs: 1, sampling: {} }, '/sampling'],
  [{ sampling: { rate: 0.1, maxKeys: 5 } }, '/sampling'],
  [{ ttlMs: 2, maxAgeMs: 1 }, '/ttlMs'],
  [{ paused: false }, undefined],
])('finds what is wrong with the settings %j', (settings, pointer) => {
  expect(settingsProblem(settings)?.pointer).toBe(pointer);
});
