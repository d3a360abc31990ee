import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SystemClock } from '#libs/time';
import { between, pick, seededRandom } from '#test/support';
import type { Entry, TierProblem } from '../tier/tier.js';
import { canonical, RecordingTierRecorder } from '../testing/index.js';
import { disk, type DiskTier } from './disk-tier.js';
import { shareEnvironment, type CacheDatabases, type CacheEnvironment } from './environment.js';
import { idKey } from './keys.js';
import { placeOf } from './place.js';
import { readRow, type Row } from './row.js';
import { jsonCodec } from './value-codec.js';

const clock = new SystemClock();
const KEYS = Array.from({ length: 40 }, (_, i) => `key:${i}`);
/** Every other value is too large to stand in the index. */
const valueOf = (key: string) => ({ key, text: 'x'.repeat(key.length % 2 === 0 ? 3_000 : 30) });

describe('The disk tier, damaged,', () => {
  let path: string;
  let tier: DiskTier;
  let recorder: RecordingTierRecorder;
  let problems: Error[];
  beforeEach(async () => {
    path = mkdtempSync(join(tmpdir(), 'alperf-cache-'));
    await reopen();
    for (const key of KEYS) await tier.set(key, anEntry(valueOf(key)));
  });
  afterEach(async () => {
    await tier.close();
    rmSync(path, { recursive: true, force: true });
  });

  async function reopen(options: Partial<Parameters<typeof disk>[0]> = {}): Promise<void> {
    tier = disk({ path, maxBytes: 2 ** 24, ...options });
    recorder = new RecordingTierRecorder();
    problems = [];
    const onProblem = (problem: Error) => void problems.push(problem);
    await tier.open({ cache: 'damaged', clock, random: Math.random, recorder: recorder.port, onProblem });
  }

  /** Changes what is on disk under the tier. */
  async function change(by: (databases: CacheDatabases, environment: CacheEnvironment) => void): Promise<void> {
    const { environment, release } = shareEnvironment(path, () => undefined);
    const databases = environment.databases('damaged');
    await environment.root.transaction(() => by(databases, environment));
    await release();
  }

  it('misses what has a flipped bit or is cut, and never answers it', async () => {
    const random = seededRandom(Number(process.env['ALPERF_TEST_SEED'] ?? 20_261_125));
    for (let round = 0; round < 150; round++) {
      const key = pick(random, KEYS);
      await tier.set(key, anEntry(valueOf(key)));
      const cuts = random() < 0.3;
      await change(({ index, contents }) => {
        const place = placeOf(key);
        const row = readRow(place, index.getBinary(place)!) as Row;
        const apart = row.content === undefined && random() < 0.5;
        const [database, at] = apart ? [contents, idKey(row.id)] : [index, place];
        const bytes = database.getBinary(at)!;
        const where = between(random, 0, bytes.length - 1);
        if (!cuts) bytes[where]! ^= 1 << between(random, 0, 7);
        void database.put(at, cuts ? bytes.subarray(0, where) : bytes);
      });
      expect(await tier.get(key)).toBeUndefined();
      expect(problems.at(-1)?.message).toMatch(/on disk/);
      expect(problems).toHaveLength(round + 1);
    }
    await gone('invalidated', 150);
    await soundAfterRepair();
  }, 60_000);

  it("misses another entry's bytes in an entry's place", async () => {
    await change(({ index, contents }) => {
      void index.put(placeOf('key:1'), index.getBinary(placeOf('key:3'))!);
      const [one, other] = ['key:10', 'key:11'].map((key) =>
        idKey((readRow(placeOf(key), index.getBinary(placeOf(key))!) as Row).id),
      );
      void contents.put(one!, contents.getBinary(other!)!);
    });
    expect(await tier.getMany(['key:1', 'key:10'])).toEqual([undefined, undefined]);
    for (const key of ['key:3', 'key:11'])
      expect(canonical((await tier.get(key))?.value)).toBe(canonical(valueOf(key)));
    await soundAfterRepair();
  });

  it('misses entries of another format and of another codec, and removes them', async () => {
    await tier.close();
    await reopen({ codec: jsonCodec });
    expect(await tier.get('key:1')).toBeUndefined();
    await gone('invalidated', 1);
    expect(problems[0]?.message).toMatch(/codec 1/);
    expect(await tier.set('key:1', anEntry(1))).toBe(true);
    expect((await tier.get('key:1'))?.value).toBe(1);
  });

  it('finds and mends all that does not belong together', async () => {
    await change(({ index, order, ends, tags, contents }) => {
      index.removeSync(placeOf('key:1'));
      index.removeSync(placeOf('key:10'));
      for (const database of [order, ends, tags]) {
        const [first] = database.getKeys({ limit: 1 });
        database.removeSync(first!);
      }
      void contents.put(idKey(1), Buffer.from('nobody'));
    });
    const found = await problemsOf(true);
    expect(new Set(found.map(({ problem }) => problem))).toEqual(new Set(['orphan', 'miscounted']));
    expect(await problemsOf(false)).toEqual([]);
    for (const key of KEYS) await tier.set(key, anEntry(valueOf(key)));
    expect(tier.usage().entries).toBe(KEYS.length);
    await tier.remove({ all: true }, { cause: 'cleared' });
    expect(tier.usage()).toMatchObject({ entries: 0, bytes: 0 });
  });

  it('takes what was counted of lost entries off again when their turn to leave comes', async () => {
    await change(({ index }) => {
      for (const key of KEYS.slice(0, 20)) index.removeSync(placeOf(key));
    });
    await tier.resize({ maxEntries: 20 });
    expect(tier.usage().entries).toBeLessThanOrEqual(20);
    // What leads to them by their tags and times is left, and not counted.
    expect((await problemsOf(false)).filter(({ problem }) => problem === 'miscounted')).toEqual([]);
    await soundAfterRepair();
  });

  for (const [what, damage] of [
    ['its file is cut to a half', (file: string) => truncateSync(file, statSync(file).size / 2)],
    ['its file is cut to nothing', (file: string) => truncateSync(file, 0)],
    ['its file holds something else', (file: string) => writeFileSync(file, Buffer.alloc(200_000, 'something else'))],
    ['its file is gone', (file: string) => rmSync(file)],
    ['it found itself damaged', (file: string) => writeFileSync(join(file, '..', 'damaged'), '')],
  ] as const)
    it(`begins anew, or with what is left, when ${what}`, async () => {
      // So large that what is cut off is more than free pages.
      await tier.set('large', anEntry('x'.repeat(4 * 2 ** 20)));
      await tier.close();
      damage(join(path, 'data.mdb'));
      await reopen();
      for (const key of KEYS) {
        const found = (await tier.get(key))?.value;
        if (found !== undefined) expect(canonical(found)).toBe(canonical(valueOf(key)));
      }
      expect(await tier.set('key', anEntry(1))).toBe(true);
      expect((await tier.get('key'))?.value).toBe(1);
      expect(await problemsOf(false)).toEqual([]);
    });

  it('goes on when its directory is deleted, and begins anew when it is opened again', async () => {
    rmSync(path, { recursive: true });
    expect(canonical((await tier.get('key:1'))?.value)).toBe(canonical(valueOf('key:1')));
    await tier.set('later', anEntry(1));
    expect((await tier.get('later'))?.value).toBe(1);
    const old = tier;
    await reopen();
    expect(await tier.get('key:1')).toBeUndefined();
    expect(await tier.set('key:1', anEntry('new'))).toBe(true);
    expect((await tier.get('key:1'))?.value).toBe('new');
    await old.close();
    expect((await tier.get('key:1'))?.value).toBe('new');
  });

  it('does not throw away the data of others, nor opens where there can be no directory', async () => {
    const strange = join(path, 'strange');
    mkdirSync(strange);
    writeFileSync(join(strange, 'data.mdb'), 'not a cache, and dear to somebody');
    await expect(open(strange)).rejects.toThrow(/cannot be opened/);
    expect(statSync(join(strange, 'data.mdb')).size).toBe(33);
    writeFileSync(join(path, 'file'), '');
    await expect(open(join(path, 'file', 'below'))).rejects.toThrow(/cannot be used/);
    expect(existsSync(join(path, 'file'))).toBe(true);
  });

  it('refuses names of caches that are none, and a second cache', async () => {
    for (const cache of ['', 'a/b', '../x', 'x'.repeat(65)]) await expect(open(path, cache)).rejects.toThrow(TypeError);
    await expect(tier.open(contextOf('other'))).rejects.toThrow(/belongs to one cache/);
  });

  function contextOf(cache: string) {
    return { cache, clock, random: Math.random, recorder: recorder.port, onProblem: () => undefined };
  }

  async function open(where: string, cache = 'cache'): Promise<void> {
    await disk({ path: where, maxBytes: 1_000 }).open(contextOf(cache));
  }

  async function gone(cause: 'invalidated', count: number): Promise<void> {
    while (recorder.count(cause) < count) await clock.sleep(5);
  }

  async function problemsOf(repair: boolean): Promise<TierProblem[]> {
    const found: TierProblem[] = [];
    for await (const problem of tier.verify({ repair })) found.push(problem);
    return found;
  }

  async function soundAfterRepair(): Promise<void> {
    await problemsOf(true);
    expect(await problemsOf(false)).toEqual([]);
  }
});

function anEntry(value: unknown): Entry {
  return { value, negative: false, storedAt: clock.now(), freshMs: 60_000, staleMs: 0, tags: ['t'] };
}
