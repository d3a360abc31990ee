import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Cache } from '../cache.js';
import { SnapshotError } from '../errors.js';
import { memory } from '../memory/memory-tier.js';
import { aCache } from '../testing/a-cache.js';
import { snapshotFile } from './snapshot-file.js';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cache-snapshot-'));
  path = join(folder, 'covers.snapshot');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

interface Cover {
  readonly added: Date;
  readonly bytes: Uint8Array;
}
const cover = (i: number): Cover => ({ added: new Date(i), bytes: new Uint8Array(2_000).fill(i) });
const open = () => aCache<Cover>({ tiers: [memory({ maxEntries: 2_000 })] }).cache;

async function filled(entries: number): Promise<Cache<string, Cover>> {
  const cache = open();
  for (let i = 0; i < entries; i++) await cache.set(`k${i}`, cover(i), { tags: ['t'] });
  return cache;
}

describe('A snapshot in a file', () => {
  it('brings back what was exported, in the place of the one before', async () => {
    const store = snapshotFile(path);
    const small = await filled(1);
    await store.write(small.exportSnapshot());
    // More than one write.
    const large = await filled(1_200);
    const { bytes } = await store.write(large.exportSnapshot());
    expect(readFileSync(path).length).toBe(bytes);
    expect(readdirSync(folder)).toEqual(['covers.snapshot']);
    const next = open();
    expect(await next.importSnapshot(store.read())).toMatchObject({ entries: 1_200, invalid: 0 });
    expect(next.getNow('k77')).toEqual(cover(77));
    expect(await next.invalidateTag('t', { dryRun: true })).toMatchObject({ entries: 1_200 });
  });

  it('stays as it was when the next one fails half way', async () => {
    const store = snapshotFile(path);
    await store.write((await filled(2)).exportSnapshot());
    const before = readFileSync(path);
    const broken = async function* () {
      yield* (await filled(3)).exportSnapshot();
      throw new Error('the export broke off');
    };
    await expect(store.write(broken())).rejects.toThrow('broke off');
    expect(readFileSync(path).equals(before)).toBe(true);
    expect(readdirSync(folder)).toEqual(['covers.snapshot']);
  });

  it('is refused before anything is taken in when it is not there, damaged, cut, or something else', async () => {
    const store = snapshotFile(path);
    const refused = async () => {
      const cache = open();
      const problem = await cache.importSnapshot(store.read()).catch((error: unknown) => error);
      expect(cache.stats().tiers[0]!.entries).toBe(0);
      expect(problem).toBeInstanceOf(SnapshotError);
      return (problem as SnapshotError).message;
    };
    expect(await refused()).toContain('cannot be read (ENOENT)');
    await store.write((await filled(20)).exportSnapshot());
    const whole = readFileSync(path);
    for (const at of [30, Math.floor(whole.length / 2), whole.length - 33, whole.length - 1]) {
      const damaged = Buffer.from(whole);
      damaged[at]! ^= 1;
      writeFileSync(path, damaged);
      expect(await refused()).toContain('is damaged');
    }
    for (const length of [0, 40, whole.length - 1]) {
      writeFileSync(path, whole);
      truncateSync(path, length);
      expect(await refused()).toContain('is damaged');
    }
    writeFileSync(path, Buffer.concat([Buffer.from('something else'), whole]));
    expect(await refused()).toContain('no snapshot of a cache');
    writeFileSync(path, whole);
    expect(await open().importSnapshot(store.read())).toMatchObject({ entries: 20 });
  });
});
