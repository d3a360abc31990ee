import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { appendFile, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import type { Pace, SpooledBatch } from '../ports.js';
import { DiskSpool } from './disk-spool.js';
import { SpoolLockedError } from './spool-lock.js';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'spool-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const INSTANCE = '00000000-0000-4000-8000-000000000000';
const aBatch = (sequence: number) => ({
  instance: INSTANCE,
  sequence,
  events: 1,
  finalAt: 5,
  encoding: 'zstd' as const,
});
const body = (sequence: number, length = 100) => new Uint8Array(length).fill(sequence);
const UNHURRIED: Pace = { due: () => false, breathe: async () => undefined };
async function opened(spool: DiskSpool, pace = UNHURRIED): Promise<SpooledBatch[]> {
  await spool.open(pace);
  const left: SpooledBatch[] = [];
  while (spool.waiting > 0) {
    const before = spool.waiting;
    const some = await spool.next(3);
    expect(some.length).toBeLessThanOrEqual(3);
    expect(spool.waiting).toBe(before - some.length);
    left.push(...some);
  }
  return left;
}

describe('A spool on disk', () => {
  it('gives back what was not acknowledged, in order, with the same bytes', async () => {
    const spool = new DiskSpool({ directory, segmentBytes: 600 });
    expect(await opened(spool)).toEqual([]);
    const tokens: number[] = [];
    for (let sequence = 0; sequence < 12; sequence++)
      tokens.push((await spool.append(aBatch(sequence), body(sequence)))!);
    for (const sequence of [0, 1, 2, 5]) await spool.acknowledge(tokens[sequence]!);
    await spool.close();

    const again = new DiskSpool({ directory });
    const left = await opened(again);
    expect(left.map(({ sequence }) => sequence)).toEqual([3, 4, 6, 7, 8, 9, 10, 11]);
    for (const { token, sequence } of left) expect(await again.read(token)).toEqual(body(sequence));
    expect(left[0]).toMatchObject(aBatch(3));
    await again.close();
  });

  it('ignores a frame that was cut off by a crash, and writes behind it into another file', async () => {
    const spool = new DiskSpool({ directory });
    await opened(spool);
    await spool.append(aBatch(0), body(0));
    await spool.close();
    const [segment] = (await readdir(directory)).filter((name) => name.endsWith('.segment'));
    await appendFile(join(directory, segment!), Buffer.from('1LPS\0\0torn'));

    const second = new DiskSpool({ directory });
    expect((await opened(second)).map(({ sequence }) => sequence)).toEqual([0]);
    await second.append(aBatch(1), body(1));
    await second.close();
    const third = new DiskSpool({ directory });
    expect((await opened(third)).map(({ sequence }) => sequence)).toEqual([0, 1]);
    await third.close();
  });

  it('is bounded in bytes, has room again after acknowledgements, and leaves no files when all is acknowledged', async () => {
    const spool = new DiskSpool({ directory, maxBytes: 3_000, segmentBytes: 500 });
    await opened(spool);
    const tokens: number[] = [];
    for (let sequence = 0; ; sequence++) {
      const token = await spool.append(aBatch(sequence), body(sequence));
      if (token === undefined) break;
      tokens.push(token);
    }
    expect(tokens.length).toBeGreaterThan(5);
    expect(spool.bytes).toBeLessThanOrEqual(3_000);
    for (const token of tokens) await spool.acknowledge(token);
    expect(await spool.append(aBatch(99), body(99))).toBeDefined();
    await spool.acknowledge(tokens.length + 1);
    await spool.close();
    expect(await readdir(directory)).toEqual([]);
  });

  it('reads what was left behind in slices of one batch at a time, when it is told so', async () => {
    const spool = new DiskSpool({ directory, segmentBytes: 2_000 });
    await opened(spool);
    for (let sequence = 0; sequence < 50; sequence++) await spool.append(aBatch(sequence), body(sequence));
    await spool.close();
    const again = new DiskSpool({ directory });
    let [slice, longest, breaths] = [0, 0, 0];
    const left = await opened(again, {
      due: () => {
        longest = Math.max(longest, ++slice);
        return true;
      },
      breathe: async () => {
        slice = 0;
        breaths++;
      },
    });
    expect(left).toHaveLength(50);
    expect(longest).toBe(1);
    // One more for each segment: reading a file ends in a turn of its own.
    const segments = (await readdir(directory)).filter((name) => name.endsWith('.segment'));
    expect(breaths).toBe(50 + segments.length);
    await again.close();
  });

  it('gives what can be read when a segment cannot, and keeps that one for the next start', async () => {
    const spool = new DiskSpool({ directory, segmentBytes: 600 });
    await opened(spool);
    for (let sequence = 0; sequence < 12; sequence++) await spool.append(aBatch(sequence), body(sequence));
    await spool.close();
    const [, second] = (await readdir(directory)).filter((name) => name.endsWith('.segment')).sort();
    const again = new DiskSpool({ directory });
    await again.open(UNHURRIED);
    const left = [...(await again.next(100))];
    await rename(join(directory, second!), join(directory, 'aside'));
    await expect(again.next(100)).rejects.toThrow(/ENOENT/);
    await rename(join(directory, 'aside'), join(directory, second!));
    while (again.waiting > 0) left.push(...(await again.next(100)));
    expect(left.length).toBeGreaterThan(4);
    expect(left.length).toBeLessThan(12);
    for (const { token } of left) await again.acknowledge(token);
    await again.close();
    const third = new DiskSpool({ directory });
    const all = new Set([...left, ...(await opened(third))].map(({ sequence }) => sequence));
    expect([...all].sort((a, b) => a - b)).toEqual(Array.from({ length: 12 }, (_, sequence) => sequence));
    await third.close();
  });

  it('is refused to a second one while the first lives', async () => {
    const spool = new DiskSpool({ directory });
    await opened(spool);
    await expect(opened(new DiskSpool({ directory }))).rejects.toThrow(SpoolLockedError);
    await spool.close();
    const second = new DiskSpool({ directory });
    await opened(second);
    await second.close();
  });

  it('is refused to a second one in its process by whatever name, though somebody removed the lock', async () => {
    const spool = new DiskSpool({ directory });
    await opened(spool);
    await rm(join(directory, 'lock'));
    const sameByAnotherName = new DiskSpool({ directory: relative(process.cwd(), directory) });
    await expect(opened(sameByAnotherName)).rejects.toThrow(SpoolLockedError);
    await spool.close();
  });
});
