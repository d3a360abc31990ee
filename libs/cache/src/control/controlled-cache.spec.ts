import { describe, expect, it } from '@jest/globals';
import type { ControlAuthor, ControlSettings, ControlTarget } from '#libs/contracts';
import { encodeKey, memory, type CacheOptions, type SnapshotPart, type SnapshotStore } from '../index.js';
import { aCache } from '../testing/a-cache.js';
import { ControllingTelemetry, joined } from '../testing/controlling-telemetry.js';
import { FakeFarTier, FakeStore } from '../testing/index.js';

const by: ControlAuthor = { role: 'operator', key: 'local' };
const DO = { dryRun: false, by };
const DRY = { dryRun: true, by };

async function aControlledCache(options: Partial<CacheOptions<string, string>> = {}) {
  const telemetry = new ControllingTelemetry();
  const made = aCache<string>({ tiers: [memory({ maxBytes: 100_000, policy: 'lru' })], telemetry, ...options });
  const target = await joined(telemetry);
  telemetry.told.length = 0;
  return {
    ...made,
    telemetry,
    target,
    set: (settings: ControlSettings) => target.apply(settings, { revision: 1, by }),
  };
}

describe('A cache with telemetry that has control', () => {
  it('lets itself be controlled, and leaves when it closes', async () => {
    const { cache, telemetry, target } = await aControlledCache({ ttl: '1h' });
    await cache.set('a', 'A');
    expect(target.describe()).toEqual({
      cache: 'covers',
      tiers: [{ tier: 'memory', entries: 1, bytes: expect.any(Number), maxBytes: 100_000 }],
      settings: { 'memory.maxBytes': 100_000, policy: 'lru', ttlMs: 3_600_000, paused: false },
    });
    await cache.close();
    expect(telemetry.targets.size).toBe(0);
    expect(await target.run({ do: 'clear' }, DO)).toMatchObject({ refused: 'failed' });
    expect(await target.apply({ ttlMs: 1 }, { revision: 1, by })).toMatchObject({ refused: 'failed' });
  });

  it('does not when its host does not want it, and lives on when its name is taken', async () => {
    const { telemetry, cache } = await aControlledCache();
    const { cache: other, problems } = aCache({ telemetry });
    const { cache: apart } = aCache({ telemetry, name: 'apart', control: false });
    while (problems.length === 0) await new Promise(setImmediate);
    expect(problems[0]!.message).toContain('is controlled already');
    expect([...telemetry.targets.keys()]).toEqual(['covers']);
    await other.close();
    expect([...telemetry.targets.keys()]).toEqual(['covers']);
    await Promise.all([cache.close(), apart.close()]);
  });
});

describe('Settings of a cache from afar', () => {
  it('are in force, and go back to what the host had, field by field', async () => {
    const { cache, target, set, telemetry } = await aControlledCache({ ttl: '1h', staleIfError: '5m' });
    const host = target.describe().settings;
    const all: ControlSettings = {
      tiers: { memory: { maxBytes: 50_000, maxEntries: 3 } },
      policy: 'sieve',
      ttlMs: 1_000,
      ttlJitter: 0.5,
      maxAgeMs: 9_000,
      staleWhileRevalidateMs: 4_000,
      staleIfErrorMs: 0,
      negativeTtlMs: 70,
      earlyRefresh: 2,
      paused: true,
      sampling: { rate: 0.25 },
    };
    expect(await set(all)).toBeUndefined();
    const inForce = {
      'memory.maxBytes': 50_000,
      'memory.maxEntries': 3,
      policy: 'sieve',
      ttlMs: 1_000,
      ttlJitter: 0.5,
      maxAgeMs: 9_000,
      staleWhileRevalidateMs: 4_000,
      staleIfErrorMs: 0,
      negativeTtlMs: 70,
      earlyRefresh: 2,
      paused: true,
      'sampling.rate': 0.25,
    };
    expect(target.describe().settings).toEqual(inForce);
    expect(await set({ ttlMs: 1_000, policy: 'sieve' })).toBeUndefined();
    expect(target.describe().settings).toEqual({ ...host, ttlMs: 1_000, policy: 'sieve' });
    expect(await set({})).toBeUndefined();
    expect(target.describe().settings).toEqual(host);
    expect(telemetry.sampled).toEqual([{ rate: 0.25 }, undefined]);
    // The control client tells of changes, with the revision.
    expect(telemetry.told).toEqual([]);
    await cache.close();
  });

  it('give back what the host has set meanwhile', async () => {
    const { cache, target, set } = await aControlledCache({ ttl: '1h' });
    await set({ tiers: { memory: { maxBytes: 50_000 } }, ttlMs: 5, policy: 'arc', paused: true });
    await cache.resize('memory', { maxBytes: 70_000 });
    cache.setLifetime({ ttl: '2h' });
    cache.usePolicy('sieve');
    cache.pause();
    await set({});
    expect(target.describe().settings).toMatchObject({
      'memory.maxBytes': 70_000,
      ttlMs: 7_200_000,
      policy: 'sieve',
      paused: true,
    });
    await cache.close();
  });

  it('do not end a pause that the host began', async () => {
    const { cache, target, set } = await aControlledCache();
    cache.pause();
    expect(await set({ paused: false })).toBeUndefined();
    expect(target.describe().settings).toMatchObject({ paused: true });
    cache.resume();
    expect(target.describe().settings).toMatchObject({ paused: false });
    await cache.close();
  });

  it.each<[string, ControlSettings, string]>([
    ['a size above the bound', { tiers: { memory: { maxBytes: 90_001 } } }, 'bounds'],
    ['a size below the bound', { tiers: { memory: { maxBytes: 9_999 } } }, 'bounds'],
    ['a tier with bounds of its own', { tiers: { far: { maxEntries: 6 } } }, 'bounds'],
    ['a ttl above the bound', { ttlMs: 60_001 }, 'bounds'],
    ['any other duration', { staleIfErrorMs: 60_001 }, 'bounds'],
    ['a policy that is not allowed', { policy: 'arc' }, 'bounds'],
    ['a pause that is not allowed', { paused: true }, 'not_allowed'],
    ['its end that is not allowed either', { paused: false }, 'not_allowed'],
    ['a tier that it lacks', { tiers: { disk: { maxBytes: 10_000 } } }, 'unsupported'],
    ['a setting of another version', { colour: 'red' } as ControlSettings, 'invalid'],
    ['a limit that is none', { tiers: { memory: { maxBytes: Number.NaN } } }, 'invalid'],
    ['an endless ttl', { ttlMs: Number.POSITIVE_INFINITY }, 'invalid'],
  ])('are refused as a whole beyond what the host allows: %s', async (_, settings, refused) => {
    const { cache, target, set } = await aControlledCache({
      tiers: [memory({ maxBytes: 100_000 }), new FakeFarTier()],
      bounds: {
        minBytes: 10_000,
        maxBytes: 90_000,
        tiers: { far: { maxEntries: 5 } },
        maxTtl: '1m',
        policies: ['lru', 'sieve'],
        operations: ['settings', 'inspect'],
      },
    });
    const before = target.describe().settings;
    expect(await set({ earlyRefresh: 3, ...settings })).toMatchObject({ refused });
    expect(target.describe().settings).toEqual(before);
    expect(await target.run({ do: 'clear' }, DO)).toMatchObject({ refused: 'not_allowed' });
    expect(await target.run({ do: 'verify', repair: true }, DO)).toMatchObject({ refused: 'not_allowed' });
    await cache.close();
  });

  it('are taken back where a tier cannot take its limits', async () => {
    const far = new FakeFarTier();
    const { cache, target, set, problems } = await aControlledCache({ tiers: [memory({ maxEntries: 9 }), far] });
    const before = target.describe().settings;
    far.away = true;
    const refused = await set({ tiers: { memory: { maxEntries: 5 }, far: { maxEntries: 5 } }, ttlMs: 3 });
    expect(refused).toMatchObject({ refused: 'failed' });
    expect(target.describe().settings).toEqual(before);
    expect(problems.length).toBeGreaterThan(0);
    expect(await set({ tiers: { memory: { maxBytes: 5 } } })).toMatchObject({ refused: 'unsupported' });
    await cache.close();
  });
});

describe('Operations on a cache from afar', () => {
  it('remove by key, tag, prefix and condition, in one tier or all, and say first what they would', async () => {
    const { cache, clock, target, telemetry } = await aControlledCache({
      tiers: [memory({ maxBytes: 100_000 }), new FakeFarTier()],
      negativeTtl: '1h',
    });
    await cache.set('old', 'x'.repeat(2_000), { tags: ['t'] });
    await clock.advance(10_000);
    await cache.set('b1', 'B', { tags: ['t'] });
    await cache.set('b2', undefined);
    await cache.namespace('inner').set('c', 'C');
    const asked = async (operation: object, dry = true) =>
      target.run(operation as Parameters<ControlTarget['run']>[0], dry ? DRY : DO);
    expect(await asked({ do: 'clear' })).toMatchObject({ entries: 8 });
    expect(await asked({ do: 'clear', tier: 'memory' })).toMatchObject({ entries: 4 });
    expect(await asked({ do: 'invalidate', tag: 't' })).toMatchObject({ entries: 4 });
    expect(await asked({ do: 'invalidate', prefix: 'b' })).toMatchObject({ entries: 4 });
    expect(await asked({ do: 'invalidate', where: { olderThanMs: 9_999 } })).toMatchObject({ entries: 2 });
    expect(await asked({ do: 'invalidate', where: { olderThanMs: 10_000 } })).toMatchObject({ entries: 0 });
    expect(await asked({ do: 'invalidate', where: { largerThanBytes: 2_000 }, tier: 'memory' })).toMatchObject({
      entries: 1,
    });
    expect(await asked({ do: 'invalidate', where: { negative: true } })).toMatchObject({ entries: 2 });
    expect(cache.stats().tiers[0]!.entries).toBe(4);
    expect(await asked({ do: 'invalidate', key: 'b1', tier: 'memory' }, false)).toMatchObject({ entries: 1 });
    expect(await asked({ do: 'invalidate', where: { olderThanMs: 5 } }, false)).toMatchObject({ entries: 2 });
    expect(await cache.get('old')).toBeUndefined();
    expect(await cache.get('b1')).toBe('B');
    for (const wrong of [
      { do: 'invalidate', where: {} },
      { do: 'invalidate', where: { olderThanMs: 1, youngerThanMs: 2 } },
      { do: 'invalidate', where: { olderThanMs: 'old' } },
      { do: 'invalidate', prefix: '' },
      { do: 'clear', key: 'b1' },
      { do: 'pin', key: 'b1', tier: 'far' },
    ])
      expect(await asked(wrong, false)).toMatchObject({ refused: 'invalid' });
    expect(await asked({ do: 'clear', tier: 'disk' }, false)).toMatchObject({ refused: 'unsupported' });
    expect(await asked({ do: 'explode' }, false)).toMatchObject({ refused: 'unsupported' });
    expect(await cache.get('b1')).toBe('B');
    expect(await asked({ do: 'clear' }, false)).toMatchObject({ entries: 6 });
    expect(await cache.namespace('inner').get('c')).toBeUndefined();
    expect(telemetry.told).toEqual([]);
    await cache.close();
  });

  it('pin, unpin, inspect and verify, and tell no key, tag, version or value', async () => {
    const { cache, clock, target } = await aControlledCache({ ttl: '10s' });
    await cache.set('secret', 'value-1', { tags: ['tag-1'], version: 'version-1' });
    await clock.advance(1_234.567_89);
    const key = 'secret';
    expect(await target.run({ do: 'pin', key }, DRY)).toMatchObject({ entries: 1 });
    expect(await target.run({ do: 'pin', key }, DO)).toMatchObject({ entries: 1 });
    expect(await target.run({ do: 'pin', key }, DO)).toMatchObject({ entries: 0 });
    expect(await target.run({ do: 'pin', key: 'none' }, DO)).toMatchObject({ entries: 0 });
    const inspected = await target.run({ do: 'inspect', key }, DO);
    expect(inspected).toMatchObject({
      entries: 1,
      details: {
        'memory.state': 'fresh',
        'memory.because': 'fresh for 9 s; pinned: not evicted',
        'memory.pinned': true,
        'memory.ageMs': 1_234.6,
        'memory.uses': expect.any(Number),
      },
    });
    expect(JSON.stringify(inspected)).not.toMatch(/secret|value-1|tag-1|version-1/);
    expect(await target.run({ do: 'unpin', key }, DO)).toMatchObject({ entries: 1 });
    expect(await target.run({ do: 'verify' }, DO)).toEqual({ entries: 0, details: {} });
    await cache.close();
  });

  it('warm from a list, and from the keys that were the hottest when the last run closed', async () => {
    const store = new FakeStore();
    const tiers = () => [memory({ maxEntries: 100, policy: 'lru' }), new FakeFarTier(store)] as const;
    const { cache: last } = aCache({ tiers: tiers() });
    for (const key of ['a', 'b', 'c']) await last.set(key, key.toUpperCase());
    await last.close();

    const { cache, target } = await aControlledCache({ tiers: tiers(), loader: (key) => `loaded ${key}` });
    expect(await target.run({ do: 'warm', hottest: 2 }, DRY)).toEqual({ entries: 2, details: { keys: 2 } });
    expect(cache.getNow('c')).toBeUndefined();
    expect(await target.run({ do: 'warm', hottest: 2 }, DO)).toEqual({
      entries: 2,
      details: { held: 0, loaded: 2, failed: 0 },
    });
    expect([cache.getNow('a'), cache.getNow('b'), cache.getNow('c')]).toEqual([undefined, 'B', 'C']);
    const keys = ['c', encodeKey('new'), '\u0004inner\u0000x'];
    expect(await target.run({ do: 'warm', keys }, DO)).toMatchObject({ details: { held: 1, loaded: 1, failed: 1 } });
    expect(cache.getNow('new')).toBe('loaded new');
    await cache.close();
  });

  it('export and import by way of the place that the host named, and nowhere else', async () => {
    const kept: SnapshotPart[] = [];
    const snapshots: SnapshotStore = {
      async write(parts) {
        kept.length = 0;
        for await (const part of parts) kept.push(part);
        return { bytes: 77 };
      },
      async *read() {
        yield* kept;
      },
    };
    const { cache, target } = await aControlledCache({ snapshots });
    await cache.set('a', 'A');
    expect(await target.run({ do: 'export' }, DRY)).toMatchObject({ entries: 1 });
    expect(kept).toEqual([]);
    expect(await target.run({ do: 'export' }, DO)).toEqual({ entries: 1, bytes: 77 });
    await cache.clear();
    expect(await target.run({ do: 'import' }, DRY)).toEqual({ entries: 1 });
    expect(await cache.get('a')).toBeUndefined();
    expect(await target.run({ do: 'import' }, DO)).toMatchObject({ entries: 1, details: { invalid: 0, refused: 0 } });
    expect(await cache.get('a')).toBe('A');
    kept.pop();
    expect(await target.run({ do: 'import' }, DO)).toMatchObject({
      refused: 'failed',
      reason: expect.stringContaining('breaks off'),
    });
    await cache.close();

    const { cache: without, target: other } = await aControlledCache();
    expect(await other.run({ do: 'export' }, DO)).toMatchObject({ refused: 'unsupported' });
    await without.close();
  });

  it('end when they are no longer wanted, and say how far they came', async () => {
    const entry = (i: number): SnapshotPart => ({
      part: 'entry',
      key: encodeKey(`k${i}`),
      value: 'V',
      negative: false,
      storedAt: 0,
      freshMs: null,
      staleMs: 0,
    });
    const kept: SnapshotPart[] = [{ part: 'head', snapshotVersion: 1, cache: 'covers', takenAt: 0 }];
    for (let i = 0; i < 600; i++) kept.push(entry(i));
    kept.push({ part: 'end', entries: 600 });
    let ending = new AbortController();
    let written: unknown;
    const read = async function* () {
      for (const [i, part] of kept.entries()) {
        if (i === 400) ending.abort();
        yield part;
      }
    };
    const write = async (parts: AsyncIterable<SnapshotPart>) => {
      for await (const part of parts) if (part.part === 'entry') ending.abort();
      written = parts;
      return { bytes: 1 };
    };
    const { cache, target } = await aControlledCache({
      snapshots: { read, write },
      loader: async (key) => {
        ending.abort();
        return `loaded ${key}`;
      },
    });
    const run = (operation: Parameters<ControlTarget['run']>[0]) => {
      ending = new AbortController();
      return target.run(operation, { ...DO, signal: ending.signal });
    };
    expect(await run({ do: 'import' })).toEqual({
      refused: 'switched_off',
      reason: 'It was ended on the way: control was switched off, or the process is closing.',
      entries: 256,
    });
    expect(await run({ do: 'export' })).toMatchObject({ refused: 'switched_off' });
    expect(written).toBeUndefined();
    const keys = Array.from({ length: 600 }, (_, i) => encodeKey(`w${i}`));
    const warmed = await run({ do: 'warm', keys });
    expect(warmed).toMatchObject({ refused: 'switched_off' });
    expect(cache.getNow('w599')).toBeUndefined();
    await cache.close();
  });
});
