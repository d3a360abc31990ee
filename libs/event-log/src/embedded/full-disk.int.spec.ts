import { afterAll, expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SystemClock } from '#libs/time';
import { LogFullError } from '../errors.js';
import { aRecord } from '../testing/harness.js';
import { EmbeddedEventLog } from './embedded-event-log.js';

const path = mkdtempSync(join(tmpdir(), 'alperf-full-'));
const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=12m', 'tmpfs', path]).status === 0;
const [test, why] = mounted ? [it, ''] : [it.skip, ' (SKIPPED: mounting a tmpfs needs root)'];
const clock = new SystemClock();
const MIB = 2 ** 20;

afterAll(() => {
  if (mounted) spawnSync('umount', [path]);
  rmSync(path, { recursive: true });
});

for (const minFreeBytes of [0, 2 * MIB])
  test(`refuses appends on a full disk, reads on, and takes more when there is room; ${minFreeBytes} bytes kept free${why}`, async () => {
    const directory = join(path, `log-${minFreeBytes}`);
    const options = { path: directory, clock, random: Math.random, minFreeBytes };
    const log = await EmbeddedEventLog.open(options);
    await log.ensureTopic('topic', { partitions: 1 });
    const ballast = join(path, 'ballast');
    writeFileSync(ballast, Buffer.alloc(4 * MIB));
    let taken = 0;
    let refused: unknown;
    while (refused === undefined)
      try {
        await log.append('topic', [aRecord('key', Buffer.alloc(300_000, taken))]);
        taken += 1;
      } catch (error) {
        refused = error;
      }
    expect(refused).toBeInstanceOf(LogFullError);
    expect(taken).toBeGreaterThan(3);
    await expect(log.append('topic', [aRecord('key', Buffer.alloc(300_000))])).rejects.toBeInstanceOf(LogFullError);
    const records = await log.read('topic', { partition: 0, offset: 0n }, 1_000);
    expect(records.map(({ value }) => value[0])).toEqual(Array.from({ length: taken }, (_, i) => i));
    rmSync(ballast);
    expect(await log.append('topic', [aRecord('key', 'room again')])).toEqual([
      { partition: 0, offset: BigInt(taken) },
    ]);
    await log.close();
    const again = await EmbeddedEventLog.open(options);
    expect(await again.ranges('topic')).toEqual([{ partition: 0, earliest: 0n, next: BigInt(taken + 1) }]);
    await again.close();
    rmSync(directory, { recursive: true });
  });

test(`lets a consumer commit while appends are refused for want of space${why}`, async () => {
  const directory = join(path, 'commits');
  const log = await EmbeddedEventLog.open({ path: directory, clock, random: Math.random, minFreeBytes: 4 * MIB });
  await log.ensureTopic('topic', { partitions: 1 });
  await log.append('topic', [aRecord('key', 'first')]);
  writeFileSync(join(path, 'ballast'), Buffer.alloc(8 * MIB));
  await expect(log.append('topic', [aRecord('key')])).rejects.toBeInstanceOf(LogFullError);
  const committed = Promise.withResolvers<void>();
  await log.consume({
    topic: 'topic',
    group: 'group',
    onBatch: (batch) => batch.commit(1n, 'through').then(committed.resolve, committed.reject),
  });
  await committed.promise;
  expect(await log.committed('topic', 'group')).toEqual([{ partition: 0, offset: 1n, metadata: 'through' }]);
  await log.close();
});
