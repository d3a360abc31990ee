import { afterAll, expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SystemClock } from '#libs/time';
import { RecordingTierRecorder } from '../testing/index.js';
import { TierUnavailableError } from '../tier/tier.js';
import { disk } from './disk-tier.js';

const path = mkdtempSync(join(tmpdir(), 'alperf-full-'));
const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=12m', 'tmpfs', path]).status === 0;
const [test, why] = mounted ? [it, ''] : [it.skip, ' (SKIPPED: mounting a tmpfs needs root)'];
const clock = new SystemClock();
const MIB = 2 ** 20;

afterAll(() => {
  if (mounted) spawnSync('umount', [path]);
  rmSync(path, { recursive: true });
});

test(`rejects writes on a full disk, reads on, forgets what it could not overwrite, and writes again when there is room${why}`, async () => {
  const ballast = join(path, 'ballast');
  writeFileSync(ballast, Buffer.alloc(4 * MIB));
  const directory = join(path, 'cache');
  const problems: Error[] = [];
  const context = {
    cache: 'full',
    clock,
    random: Math.random,
    recorder: new RecordingTierRecorder().port,
    onProblem: (problem: Error) => void problems.push(problem),
  };
  const tier = disk({ path: directory, maxBytes: 100 * MIB });
  await tier.open(context);
  const anEntry = (number: number) => ({
    value: Buffer.alloc(300_000, number),
    negative: false,
    storedAt: clock.now(),
    freshMs: 600_000,
    staleMs: 0,
  });
  const firstByte = async (key: string) => ((await tier.get(key))?.value as Uint8Array | undefined)?.[0];

  let taken = 0;
  let refused: unknown;
  while (refused === undefined)
    try {
      expect(await tier.set(`key:${taken}`, anEntry(taken))).toBe(true);
      taken++;
    } catch (error) {
      refused = error;
    }
  expect(refused).toBeInstanceOf(TierUnavailableError);
  expect(taken).toBeGreaterThan(3);
  await expect(tier.set('key:0', anEntry(99))).rejects.toBeInstanceOf(TierUnavailableError);
  for (let i = 1; i < taken; i++) expect(await firstByte(`key:${i}`)).toBe(i);
  // The older value must not come back: what was to replace it is newer.
  expect(await firstByte('key:0')).toBeUndefined();
  expect(tier.usage().entries).toBe(taken);

  rmSync(ballast);
  expect(await tier.set('key:0', anEntry(99))).toBe(true);
  expect(await firstByte('key:0')).toBe(99);
  await tier.close();

  const again = disk({ path: directory, maxBytes: 100 * MIB });
  await again.open(context);
  expect(again.usage().entries).toBe(taken);
  for await (const problem of again.verify({ repair: false })) throw new Error(problem.message);
  await again.close();
}, 60_000);
