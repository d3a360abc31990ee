import { describe, expect, it } from '@jest/globals';
import { memory, type SnapshotPart } from '../index.js';
import { LocalRecorder } from '../record/local-recorder.js';
import { aCache } from '../testing/a-cache.js';
import { ControllingTelemetry } from '../testing/controlling-telemetry.js';
import { FakeFarTier, FakeStore } from '../testing/index.js';

async function all<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const list: Item[] = [];
  for await (const item of items) list.push(item);
  return list;
}

describe('Managing a cache', () => {
  it('lists keys as they were given, each once, and those of a namespace apart', async () => {
    const far = new FakeFarTier();
    const { cache } = aCache<string, string | readonly string[]>({ tiers: [memory({ maxEntries: 10 }), far] });
    await cache.set(['book', '1'], 'A', { tags: ['t'] });
    await cache.set('\u0002odd', 'B');
    await cache.namespace('inner').set('c', 'C', { tags: ['t'] });
    expect((await all(cache.keys())).sort()).toEqual(['\u0002odd', ['book', '1']]);
    expect(await all(cache.namespace('inner').entries())).toMatchObject([{ key: 'c', tags: ['t'], tier: 'memory' }]);
    expect(await cache.invalidateWhere((key) => Array.isArray(key))).toMatchObject({ entries: 2 });
    expect(await cache.invalidatePrefix(['book'])).toMatchObject({ entries: 0 });
    await cache.close();
  });

  it('tells what is in force when it is made, of each tier', async () => {
    const told: unknown[] = [];
    const telemetry = {
      cache: () =>
        new (class extends LocalRecorder {
          override readonly change = (change: unknown) => void told.push(change);
        })(),
    };
    const tiers = [memory({ maxBytes: 9_000, policy: 'sieve' }), new FakeFarTier()] as const;
    const { cache } = aCache({ telemetry, tiers, ttl: '1m', sliding: true });
    const settings = { 'memory.maxBytes': 9_000, policy: 'sieve', ttlMs: 60_000, sliding: true, paused: false };
    expect(told).toMatchObject([
      { change: 'created', settings },
      { change: 'created', settings },
    ]);
    await cache.close();
  });

  it('may be cleared while a prefix, a predicate or a check walks: what it walks is gone then', async () => {
    const { cache, clock } = aCache({ tiers: [memory({ maxEntries: 20_000 })], ttl: '1s' });
    for (let i = 0; i < 10_000; i++) await cache.set(`x${i}`, 'A');
    const walks = [cache.invalidatePrefix('x1'), cache.invalidateWhere((key) => key.endsWith('7'))];
    await cache.clear();
    await cache.set('x1', 'B');
    await clock.advance(10);
    for (const { entries } of await Promise.all(walks)) expect(entries).toBeLessThan(5_000);
    for (let i = 0; i < 9_000; i++) await cache.set(`x${i}`, 'A');
    await clock.advance(1_030);
    const problems: string[] = [];
    const check = async () => {
      for await (const { problem } of cache.verify()) {
        problems.push(problem);
        if (problems.length !== 10) continue;
        await cache.clear();
        await cache.set('new', 'C');
      }
      return true;
    };
    const over = new AbortController();
    const checked = check().finally(() => over.abort());
    while (!over.signal.aborted) await clock.advance(0);
    expect(await checked).toBe(true);
    expect([problems.length, new Set(problems)]).toEqual([10, new Set(['expired'])]);
    await cache.close();
  });

  it('tells how old entries are, and removes by it', async () => {
    const { cache, clock } = aCache({ tiers: [memory({ maxEntries: 10 }), new FakeFarTier()] });
    await cache.set('old', 'A');
    await clock.advance(2_000);
    await cache.set('young', 'B');
    await clock.advance(500);
    const ages = (await all(cache.entries())).map(({ key, ageMs }) => [key, ageMs]);
    expect(Object.fromEntries(ages)).toEqual({ old: 2_500, young: 500 });
    expect(await cache.invalidateWhere((_, { ageMs }) => ageMs > 1_000)).toMatchObject({ entries: 2 });
    expect([await cache.has('old'), await cache.has('young')]).toEqual([false, true]);
    await cache.close();
  });

  it('tells of an entry in each tier, and why it is still there', async () => {
    const { cache, clock } = aCache({
      tiers: [memory({ maxEntries: 10, policy: 'lru' }), new FakeFarTier()],
      ttl: '10s',
      staleIfError: '1m',
    });
    await cache.set('a', 'A', { tags: ['t'], version: 'v1' });
    cache.pin('a');
    await clock.advance(4_000);
    const inspections = await cache.inspect('a');
    expect(inspections).toMatchObject([
      { tier: 'memory', state: 'fresh', ageMs: 4_000, freshForMs: 6_000, keptForMs: 66_000, pinned: true, tags: ['t'] },
      { tier: 'far', state: 'fresh', version: 'v1', because: 'fresh for 6 s' },
    ]);
    expect(inspections[0]!.because).toBe('fresh for 6 s; pinned: not evicted');
    await clock.advance(10_000);
    expect((await cache.inspect('a'))[1]!.because).toBe(
      'past its ttl, and answered only if its loader fails, for another 56 s',
    );
    expect(await cache.inspect('b')).toEqual([]);
    expect(cache.stats().gets).toBe(0);
    await cache.close();
  });

  it('keeps what is pinned, and evicts it when it no longer is', async () => {
    const { cache } = aCache({ tiers: [memory({ maxEntries: 2, policy: 'lru' })] });
    await cache.set('pinned', 'P');
    expect(cache.pin('pinned')).toBe(true);
    expect(cache.pin('absent')).toBe(false);
    for (const key of ['a', 'b', 'c']) await cache.set(key, key);
    expect(cache.getNow('pinned')).toBe('P');
    expect(cache.unpin('pinned')).toBe(true);
    for (const key of ['d', 'e']) await cache.set(key, key);
    expect(cache.getNow('pinned')).toBeUndefined();
    expect(cache.stats().tiers[0]!.removals.evicted).toBe(4);
    await cache.close();
  });

  it('keeps nothing while it is paused, and answers nothing older than what was said then', async () => {
    const { cache } = aCache();
    await cache.set('kept', 'K');
    await cache.set('a', 'old');
    cache.pause();
    expect(cache.getNow('kept')).toBeUndefined();
    expect(await cache.get('kept')).toBeUndefined();
    expect(await cache.getOrLoad('kept', () => 'from the origin')).toBe('from the origin');
    expect(await cache.getMany(['kept', 'b'], async (keys) => keys.map(() => 'origin'))).toEqual(['origin', 'origin']);
    expect(await cache.set('a', 'new')).toBe(false);
    cache.resume();
    expect(cache.getNow('kept')).toBe('K');
    expect(await cache.get('a')).toBeUndefined();
    expect(await cache.get('b')).toBeUndefined();
    expect(cache.stats()).toMatchObject({ gets: 3, bypassed: 4, paused: false });
    await cache.close();
  });

  it('changes limits, policy and lifetimes while it runs', async () => {
    const { cache, clock } = aCache({ ttl: '1h', tiers: [memory({ maxEntries: 10, policy: 'lru' })] });
    for (let i = 0; i < 10; i++) await cache.set(`k${i}`, 'v');
    await cache.resize('memory', { maxEntries: 4 });
    expect(cache.stats().tiers[0]).toMatchObject({ entries: 4, maxEntries: 4, removals: { evicted: 6 } });
    cache.usePolicy('s3-fifo');
    expect(cache.getNow('k9')).toBe('v');
    expect(() => cache.usePolicy('best' as 'lru')).toThrow('best is no policy');
    await expect(cache.resize('disk', { maxBytes: 1 })).rejects.toThrow('has no tier disk');
    await expect(cache.resize('memory', { maxEntries: -1 })).rejects.toThrow('is no limit');
    await clock.advance(2_000);
    cache.setLifetime({ maxAge: '3s' });
    expect(cache.getNow('k9')).toBe('v');
    await clock.advance(1_000);
    expect(cache.getNow('k9')).toBeUndefined();
    await cache.close();
  });

  it('warms from a list by batches, and counts no get for it', async () => {
    const { cache } = aCache({ tiers: [memory({ maxEntries: 1_000 })] });
    await cache.set('k1', 'held');
    const sizes: number[] = [];
    const warmed = await cache.warm(
      Array.from({ length: 400 }, (_, i) => `k${i}`),
      async (keys) => {
        sizes.push(keys.length);
        return keys.map((key) => (key === 'k7' ? new Error('no') : key));
      },
    );
    expect(warmed).toEqual({ held: 1, loaded: 398, failed: 1 });
    expect(sizes).toEqual([255, 144]);
    expect(cache.stats().gets).toBe(0);
    expect(cache.getNow('k399')).toBe('k399');
    await cache.close();
  });

  it('warms from the hottest keys of the last run', async () => {
    const store = new FakeStore();
    const run = () =>
      aCache({ tiers: [memory({ maxEntries: 10, policy: 'lru' }), new FakeFarTier(store)], savedHotKeys: 2 });
    const { cache: last } = run();
    for (const key of ['a', 'b', 'c']) await last.set(key, key.toUpperCase());
    await last.get('a');
    expect(await last.hotKeys(2)).toEqual(['a', 'c']);
    expect(last.stats().tiers[1]!.writes).toBe(3);
    await last.close();
    // A run that held nothing leaves what the one before it knew.
    await run().cache.close();
    const { cache } = run();
    expect(await cache.warm()).toEqual({ held: 0, loaded: 2, failed: 0 });
    expect([cache.getNow('a'), cache.getNow('b'), cache.getNow('c')]).toEqual(['A', undefined, 'C']);
    expect((await all(cache.keys())).sort()).toEqual(['a', 'b', 'c']);
    await cache.close();
  });

  it('writes hot keys down every ten minutes, for the next run after a kill', async () => {
    const store = new FakeStore();
    const tiers = () => [memory({ maxEntries: 10 }), new FakeFarTier(store)] as const;
    const { cache: killed, clock } = aCache({ tiers: tiers() });
    await killed.set('a', 'A');
    await clock.advance(599_000);
    const { cache: early } = aCache({ tiers: tiers(), savedHotKeys: 0 });
    expect(await early.warm()).toMatchObject({ loaded: 0 });
    await clock.advance(1_000);
    expect(await early.warm()).toMatchObject({ loaded: 1 });
    expect(early.getNow('a')).toBe('A');
    await Promise.all([early.close(), killed.close()]);
  });

  it('revalidates on request, and says whether something changed', async () => {
    const { cache } = aCache({ loader: () => 'new' });
    await cache.set('a', 'old');
    expect(await cache.revalidate('a')).toEqual({ value: 'new', changed: true });
    expect(cache.getNow('a')).toBe('new');
    await cache.close();
  });
});

describe('A snapshot', () => {
  it('comes back as it was, as old as it was, under another namespace, by way of JSON', async () => {
    const { cache, clock } = aCache<string, string | readonly string[]>({ ttl: '10s', negativeTtl: '1m' });
    await cache.set(['book', '1'], 'A', { tags: ['t'], version: 'v' });
    await cache.set('forever', 'B', { ttl: Number.POSITIVE_INFINITY });
    await cache.set('none', undefined);
    await clock.advance(4_000);
    const parts = (await all(cache.exportSnapshot())).map((part) => JSON.stringify(part));
    const { cache: next, clock: later } = aCache<string, string | readonly string[]>({ ttl: '1h' });
    later.jump(5_000);
    const view = next.namespace('copy');
    expect(await view.importSnapshot(parts.map((part) => JSON.parse(part) as SnapshotPart))).toEqual({
      entries: 3,
      over: 0,
      invalid: 0,
      refused: 0,
    });
    expect(await view.inspect(['book', '1'])).toMatchObject([{ ageMs: 5_000, freshForMs: 5_000, version: 'v' }]);
    await later.advance(5_000);
    expect(await view.get(['book', '1'])).toBeUndefined();
    expect(await view.get('forever')).toBe('B');
    expect(next.stats().tiers[0]!.requests).toMatchObject({ miss: 1, hit: 1 });
    expect(await view.invalidateTag('t')).toMatchObject({ entries: 1 });
    await Promise.all([cache.close(), next.close()]);
  });

  it('that was taken in is told of as a change, also as far as it came, and so are repairs', async () => {
    const telemetry = new ControllingTelemetry();
    const far = new FakeFarTier();
    const { cache } = aCache({ tiers: [memory({ maxEntries: 9 }), far], telemetry, control: false });
    await cache.set('a', 'A');
    const parts = await all(cache.exportSnapshot());
    telemetry.told.length = 0;
    await cache.importSnapshot(parts, { by: 'policy' });
    await cache.importSnapshot(parts.slice(0, 1)).catch(() => undefined);
    await all(cache.verify({ repair: true }));
    far.verify = async function* () {
      for (const key of ['x', 'y']) yield { tier: 'far', key, problem: 'corrupt', message: 'It is.' };
    };
    await all(cache.verify());
    await all(cache.verify({ repair: true }));
    expect(telemetry.told).toEqual([
      { change: 'imported', by: 'policy', entries: 1 },
      { change: 'repaired', by: 'host', entries: 2 },
    ]);
    await cache.close();
  });

  it('is written to slow tiers by lots, and holds the later one of a key that comes twice', async () => {
    const { cache: source } = aCache({ tiers: [memory({ maxEntries: 2_000 })] });
    for (let i = 0; i < 1_000; i++) await source.set(`k${i}`, String(i));
    const parts = await all(source.exportSnapshot());
    const [head, first, ...others] = parts as [SnapshotPart, SnapshotPart & { readonly part: 'entry' }];
    const far = new FakeFarTier();
    const { cache, clock } = aCache({ tiers: [memory({ maxEntries: 2_000 }), far], savedHotKeys: 0 });
    await cache.ready();
    // Each tick of the clock lets go on what is under way.
    const hold = () => void (far.held = clock.sleep(10).then(hold));
    hold();
    const again = [head, { ...first, value: 'older' }, first, ...others.slice(0, -1), { part: 'end', entries: 1_001 }];
    let imported: unknown;
    void cache.importSnapshot(again as SnapshotPart[]).then((done) => (imported = done));
    for (let ticks = 0; ticks < 20; ticks++) {
      // So that it has read as far as it does without the tier.
      await new Promise(setImmediate);
      await clock.advance(10);
    }
    expect(imported).toEqual({ entries: 1_001, over: 0, invalid: 0, refused: 0 });
    expect(far.store.entries.get(first.key)?.value).toBe(first.value);
    await Promise.all([source.close(), cache.close()]);
  });

  it('is refused when it is none, of another version, damaged or cut', async () => {
    const { cache } = aCache();
    await cache.set('a', 'A');
    const parts = await all(cache.exportSnapshot());
    const [head, entry, end] = parts as [SnapshotPart, SnapshotPart, SnapshotPart];
    const refused = async (...some: unknown[]) => {
      const error = await cache.importSnapshot(some as SnapshotPart[]).catch((caught: Error) => caught);
      return (error as Error).message;
    };
    expect(await refused(entry, end)).toContain('has no head');
    expect(await refused({ ...head, snapshotVersion: 9 })).toContain('is of version 9');
    expect(await refused(head, entry)).toContain('breaks off after 1 entries');
    expect(await refused(head, end)).toContain('says it has 1 entries, and 0 came');
    expect(await refused(head, { ...entry, freshMs: 'long' }, end)).toContain('Entry 1 of the snapshot is damaged');
    expect(await refused(head, 7, end)).toContain('is no entry');
    expect(await refused()).toContain('breaks off');
    await cache.close();
  });
});
