import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FakeClock } from '#libs/time/testing';
import { LogFullError } from '../errors.js';
import { aRecord, until } from '../testing/harness.js';
import { EmbeddedEventLog, type EmbeddedEventLogOptions } from './embedded-event-log.js';

const DAY_MS = 86_400_000;
const VALUE = Buffer.alloc(1_000, 1);

describe('Retention of the embedded log', () => {
  let path: string;
  let clock: FakeClock;
  const opened: EmbeddedEventLog[] = [];
  const open = async (options: Partial<EmbeddedEventLogOptions> = {}) => {
    const log = await EmbeddedEventLog.open({ path, clock, random: () => 0, ...options });
    opened.push(log);
    await log.ensureTopic('topic', { partitions: 1 });
    return log;
  };
  const append = (log: EmbeddedEventLog, count: number) =>
    log.append(
      'topic',
      Array.from({ length: count }, () => aRecord('key', VALUE)),
    );
  const range = async (log: EmbeddedEventLog) => {
    const [{ earliest, next } = { earliest: -1n, next: -1n }] = await log.ranges('topic');
    return [earliest, next];
  };
  /** Lets a group commit up to an offset, and leave. */
  const commit = async (log: EmbeddedEventLog, group: string, offset: bigint) => {
    const done = Promise.withResolvers<void>();
    const consumption = await log.consume({
      topic: 'topic',
      group,
      onBatch: (batch) => batch.commit(offset, '').then(done.resolve, done.reject),
    });
    await done.promise;
    await consumption.close();
  };

  /** The log looks every minute: minutes pass until it has cut up to there. */
  const cutUpTo = (log: EmbeddedEventLog, offset: bigint) =>
    until(async () => {
      await clock.advance(60_000);
      return (await range(log))[0] === offset;
    });

  beforeEach(() => {
    path = mkdtempSync(join(tmpdir(), 'alperf-retention-'));
    clock = new FakeClock();
  });
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((log) => log.close()));
    rmSync(path, { recursive: true });
  });

  it('cuts the oldest records when the log is at its bound, as many as are in the way', async () => {
    const log = await open({ retention: { maxBytes: 10_500 } });
    await append(log, 10);
    await append(log, 3);
    expect(await range(log)).toEqual([3n, 13n]);
    expect(log.usage().bytes).toBeLessThanOrEqual(10_500);
    expect((await log.read('topic', { partition: 0, offset: 0n }, 100))[0]!.offset).toBe(3n);
  });

  it('cuts nothing that a group has not committed, and answers that the log is full', async () => {
    const log = await open({ retention: { maxBytes: 10_500 } });
    await append(log, 10);
    await commit(log, 'slow', 2n);
    await commit(log, 'fast', 9n);
    await expect(append(log, 3)).rejects.toBeInstanceOf(LogFullError);
    expect((await range(log))[1]).toBe(10n);
    await append(log, 2);
    expect(await range(log)).toEqual([2n, 12n]);
    await commit(log, 'slow', 8n);
    await append(log, 3);
    expect(await range(log)).toEqual([5n, 15n]);
  });

  it('lets one append that fits through beside one that does not', async () => {
    const log = await open({ retention: { maxBytes: 10_500 } });
    await append(log, 5);
    await commit(log, 'group', 0n);
    const results = await Promise.allSettled([append(log, 2), append(log, 20), append(log, 2)]);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(await range(log)).toEqual([0n, 9n]);
  });

  it('keeps everything for a group that has not committed yet, also when the log is opened again', async () => {
    const first = await open({ retention: { maxBytes: 5_500 } });
    await (await first.consume({ topic: 'topic', group: 'new', onBatch: async () => undefined })).close();
    await append(first, 5);
    await expect(append(first, 1)).rejects.toBeInstanceOf(LogFullError);
    await first.close();
    const log = await open({ retention: { maxBytes: 5_500 } });
    await expect(append(log, 1)).rejects.toMatchObject({ code: 'LOG_FULL', retriable: true });
    await log.forgetGroup('topic', 'new');
    await append(log, 1);
    expect(await range(log)).toEqual([1n, 6n]);
  });

  it('forgets no group that consumes', async () => {
    const log = await open();
    const consumption = await log.consume({ topic: 'topic', group: 'busy', onBatch: async () => undefined });
    await expect(log.forgetGroup('topic', 'busy')).rejects.toMatchObject({ code: 'LOG_MISCONFIGURED' });
    await consumption.close();
    await log.forgetGroup('topic', 'busy');
  });

  it('cuts by itself what is too old and committed, and nothing younger', async () => {
    const log = await open({ retention: { maxAgeMs: DAY_MS } });
    await append(log, 4);
    await clock.advance(DAY_MS / 2);
    await append(log, 4);
    await commit(log, 'group', 3n);
    await clock.advance(DAY_MS / 2 + 1);
    await append(log, 1);
    await cutUpTo(log, 3n);
    await commit(log, 'group', 8n);
    await cutUpTo(log, 4n);
    expect(await range(log)).toEqual([4n, 9n]);
  });

  it('goes on with offsets after everything was cut and the log opened again, and a consumer waits at its end', async () => {
    // As old as the newest is too old already.
    const log = await open({ retention: { maxAgeMs: -1 } });
    await append(log, 3);
    await cutUpTo(log, 3n);
    expect(log.usage().bytes).toBe(0);
    await log.close();
    const again = await open();
    const seen: bigint[] = [];
    await again.consume({
      topic: 'topic',
      group: 'late',
      async onBatch({ records }) {
        seen.push(...records.map(({ offset }) => offset));
      },
    });
    expect(await append(again, 1)).toEqual([{ partition: 0, offset: 3n }]);
    await until(() => seen.length > 0);
    expect(seen).toEqual([3n]);
  });

  it('refuses a second opening of its directory', async () => {
    await open();
    await expect(EmbeddedEventLog.open({ path, clock, random: () => 0 })).rejects.toMatchObject({
      code: 'DIRECTORY_LOCKED',
      message: expect.stringContaining(`${path} is in use by process ${process.pid}`),
    });
  });

  it('says that it is not durable when it does not sync', async () => {
    const log = await open({ noSync: true });
    expect(await log.durability()).toMatchObject({ durable: false, detail: expect.stringContaining('noSync') });
  });
});
