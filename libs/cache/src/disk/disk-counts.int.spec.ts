import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SystemClock } from '#libs/time';
import { createCache, memory, type Cache, type Tier } from '../index.js';
import { skewedKeys } from '../memory/testing/lru-runs.js';
import { RecordingTierRecorder } from '../testing/index.js';
import type { Entry, Selection } from '../tier/tier.js';
import { disk, type DiskTier } from './disk-tier.js';

const clock = new SystemClock();
const LOAD_MS = 5;

function anEntry(value: unknown): Entry {
  return { value, negative: false, storedAt: clock.now(), freshMs: 60_000, staleMs: 0 };
}

/** For what the tier does by itself. */
async function until(condition: () => boolean): Promise<void> {
  for (let waited = 0; waited < 3_000 && !condition(); waited += 5) await clock.sleep(5);
  expect(condition()).toBe(true);
}

describe('The disk tier counts as memory does:', () => {
  let path: string;
  const opened: { close(): Promise<void> }[] = [];
  beforeEach(() => {
    path = mkdtempSync(join(tmpdir(), 'alperf-cache-'));
  });
  afterEach(async () => {
    for (const one of opened.splice(0)) await one.close();
    rmSync(path, { recursive: true, force: true });
  });

  async function aCache(maxEntries: number, nearer?: Tier, at = path): Promise<Cache<string, string>> {
    const onDisk = disk({ path: at, maxBytes: 2 ** 24, maxEntries });
    const cache = createCache<string, string>({
      name: 'books',
      tiers: nearer === undefined ? [onDisk] : [nearer, onDisk],
      ttl: '1h',
    });
    opened.push(cache);
    await cache.ready();
    return cache;
  }

  async function aTier(maxEntries: number): Promise<{
    readonly tier: DiskTier;
    readonly recorder: RecordingTierRecorder;
    readonly heard: Selection[];
  }> {
    const tier = disk({ path, maxBytes: 2 ** 24, maxEntries });
    const recorder = new RecordingTierRecorder();
    const heard: Selection[] = [];
    tier.onRemoved((selection) => void heard.push(selection));
    const onProblem = (problem: Error) => {
      throw problem;
    };
    await tier.open({ cache: 'books', clock, random: Math.random, recorder: recorder.port, onProblem });
    opened.push(tier);
    return { tier, recorder, heard };
  }

  const load = async (key: string) => {
    await clock.sleep(LOAD_MS);
    return key;
  };

  /** Loads a key, and waits until the disk has it. */
  async function bring(cache: Cache<string, string>, key: string): Promise<void> {
    const writes = () => cache.stats().tiers.at(-1)!.writes;
    const before = writes();
    await cache.getOrLoad(key, load);
    await until(() => writes() > before);
  }

  it('what it wrote, what its hits saved, how old they and what it evicted were, how long gets took', async () => {
    const cache = await aCache(3);
    for (const key of ['a', 'b', 'c', 'd', 'e']) await bring(cache, key);
    for (const key of ['c', 'd', 'e']) expect(await cache.get(key)).toBe(key);
    await cache.revalidate('e', async () => 'another');
    await until(() => cache.stats().tiers[0]!.writes === 6);
    const { distributions, ...disk } = cache.stats().tiers[0]!;
    expect(disk).toMatchObject({
      requests: { hit: 3, miss: 5 },
      writes: 6,
      removals: { evicted: 2, replaced: 1 },
      refreshes: { changed: 1 },
    });
    // A timer may be a fraction early.
    expect(disk.costSavedNs).toBeGreaterThan(3 * (LOAD_MS - 1) * 1e6);
    const counts = Object.entries(distributions).map(([name, { count }]) => [name, count]);
    expect(Object.fromEntries(counts)).toEqual({
      loadDuration: 6,
      writeSize: 6,
      timeToEviction: 2,
      ageAtHit: 3,
      ageAtRefresh: 1,
      // Revalidating asks for what is held.
      getDuration: 9,
    });
    expect(distributions.writeSize.mean).toBeGreaterThan(50);
    expect(distributions.timeToEviction.mean).toBeGreaterThan(2 * (LOAD_MS - 1));
  });

  it('a ghost hit for each get that misses, and behind memory for each time that it is asked', async () => {
    for (const [name, nearer, asked] of [
      ['alone', undefined, 3],
      ['behind memory', memory({ maxEntries: 1 }), 1],
    ] as const) {
      const cache = await aCache(2, nearer, join(path, name));
      for (const key of ['a', 'b', 'c']) await bring(cache, key);
      const disk = () => cache.stats().tiers.at(-1)!;
      expect(disk().ghostHits).toBe(0);
      await cache.get('never written');
      expect(disk().ghostHits).toBe(0);
      await Promise.all([cache.getOrLoad('a', load), cache.getOrLoad('a', load), cache.getOrLoad('a', load)]);
      expect(disk().ghostHits).toBe(asked);
      const { gets, hitRatio, hitRatioAtTwice } = disk();
      expect(hitRatioAtTwice).toBeCloseTo(hitRatio + asked / gets);
      // a came back, and b left for it: each asks in its way.
      await until(() => disk().writes === 4);
      const before = disk().ghostHits;
      const ghost = (await cache.has('b')) ? 'c' : 'b';
      await cache.get(ghost);
      await cache.getMany([ghost, 'never written either']);
      expect(disk().ghostHits).toBe(before + 2);
    }
  });

  it('none for what was removed after it was evicted, and none after it was cleared', async () => {
    const cache = await aCache(2);
    for (const key of ['a', 'b', 'c', 'd']) await cache.set(key, key);
    const ghostHits = () => cache.stats().tiers[0]!.ghostHits;
    await cache.get('a');
    expect(ghostHits()).toBe(1);
    await cache.delete('a');
    await cache.get('a');
    expect(ghostHits()).toBe(1);
    await cache.get('b');
    expect(ghostHits()).toBe(2);
    await cache.clear();
    await cache.get('b');
    expect(ghostHits()).toBe(2);
  });

  it('about as many ghost hits as twice the size has more hits', async () => {
    const keys = skewedKeys(2_000, 400);
    const play = async (maxEntries: number, at: string) => {
      const cache = await aCache(maxEntries, undefined, join(path, at));
      for (const key of keys) if ((await cache.get(key)) === undefined) await cache.set(key, key);
      return cache.stats().tiers[0]!;
    };
    const [once, twice] = [await play(80, 'once'), await play(160, 'twice')];
    const truth = twice.requests.hit - once.requests.hit;
    expect(Math.abs(once.ghostHits - truth) / truth).toBeLessThan(0.25);
  }, 60_000);

  it('none of what another process evicted; what that one removes or writes is forgotten here', async () => {
    const [one, other] = [await aTier(2), await aTier(2)];
    for (const key of ['a', 'b', 'c', 'd']) await one.tier.set(key, anEntry(key));
    const ghosts = ['a', 'b', 'c', 'd'].filter((key) => one.tier.ghostHits(key) > 0);
    expect(ghosts).toHaveLength(2);
    expect(ghosts.map((key) => other.tier.ghostHits(key))).toEqual([0, 0]);
    const [removed, written] = ghosts as [string, string];
    await other.tier.remove({ key: removed }, { cause: 'invalidated' });
    await other.tier.set(written, anEntry('newer'));
    const heard = (key: string) => one.heard.some((selection) => 'key' in selection && selection.key === key);
    // A tier above it may hold what it evicted itself: that is told of, too.
    await until(() => heard(removed) && heard(written));
    expect(ghosts.map((key) => one.tier.ghostHits(key))).toEqual([0, 0]);
    await other.tier.remove({ all: true }, { cause: 'cleared' });
  });

  it('each that leaves in one of the processes, whichever wrote it', async () => {
    const [one, other] = [await aTier(10), await aTier(10)];
    const both = (cause: 'replaced' | 'evicted' | 'expired' | 'cleared') =>
      one.recorder.count(cause) + other.recorder.count(cause);
    for (let i = 0; i < 30; i++) await (i % 2 === 0 ? one : other).tier.set(`key-${i}`, anEntry(i));
    expect([both('evicted'), one.recorder.timesToEviction.length]).toEqual([20, one.recorder.count('evicted')]);
    for (const { tier } of [one, other]) await tier.set('mine', anEntry(tier.usage().entries));
    expect([both('replaced'), both('evicted')]).toEqual([1, 21]);
    await one.tier.set('short', { ...anEntry(1), freshMs: 10 });
    await until(() => both('expired') > 0);
    await clock.sleep(500);
    expect([both('expired'), both('evicted')]).toEqual([1, 22]);
    expect((await other.tier.remove({ all: true }, { cause: 'cleared' })).entries).toBe(9);
    expect([both('cleared'), one.tier.usage().entries]).toEqual([9, 0]);
  });

  it('as rejected what no longer fits when its turn comes', async () => {
    const { tier, recorder } = await aTier(10);
    await tier.set('key', anEntry('older'));
    const writing = tier.set('key', anEntry('x'.repeat(10_000)));
    await tier.resize({ maxBytes: 5_000 });
    expect([await writing, await tier.get('key')]).toEqual([false, undefined]);
    expect([...recorder.removals]).toEqual([
      ['replaced', 1],
      ['rejected', 1],
    ]);
    expect(recorder.writeSizes).toHaveLength(1);
  });
});
