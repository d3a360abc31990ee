import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AGGREGATOR_GROUP, EVENTS_TOPIC } from '#libs/contracts';
import { EmbeddedEventLog } from '#libs/event-log/embedded';
import { lockDirectory } from '#libs/operations';
import { SystemClock } from '#libs/time';
import { alperf } from '../testing/alperf.js';

describe('alperf log reread', () => {
  const clock = new SystemClock();
  let dataDir: string;
  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'alperf-reread-'));
  });
  afterEach(() => rm(dataDir, { recursive: true }));

  const openLog = () => EmbeddedEventLog.open({ path: join(dataDir, 'log'), clock, random: Math.random });

  /** Offsets that the group is handed, until it has seen the last one. */
  async function consumed(log: EmbeddedEventLog, last: bigint): Promise<bigint[]> {
    const seen: bigint[] = [];
    const done = Promise.withResolvers<void>();
    const consumption = await log.consume({
      topic: EVENTS_TOPIC,
      group: AGGREGATOR_GROUP,
      onBatch: async (batch) => {
        seen.push(...batch.records.map(({ offset }) => offset));
        await batch.commit(seen.at(-1)! + 1n, '');
        if (seen.at(-1) === last) done.resolve();
      },
    });
    await done.promise;
    await consumption.close();
    return seen;
  }

  async function reread(dir = dataDir) {
    const { code, out } = await alperf(['log', 'reread', '--data-dir', dir, '--json'], { cwd: dataDir });
    return { code, answer: JSON.parse(out) as unknown };
  }

  it('has the aggregators read again what they have committed, and refuses while a server runs', async () => {
    const before = await openLog();
    await before.ensureTopic(EVENTS_TOPIC, { partitions: 1 });
    await before.append(
      EVENTS_TOPIC,
      ['a', 'b', 'c'].map((key) => ({ key, value: new Uint8Array(1), headers: {} })),
    );
    expect(await consumed(before, 2n)).toEqual([0n, 1n, 2n]);
    await before.close();

    const server = lockDirectory(dataDir);
    expect(await reread()).toMatchObject({
      code: 1,
      answer: { error: { message: expect.stringContaining(`process ${process.pid}`) } },
    });
    server.release();

    expect(await reread()).toEqual({ code: 0, answer: { dataDir, partitions: 1, records: 3 } });
    const after = await openLog();
    expect(await consumed(after, 2n)).toEqual([0n, 1n, 2n]);
    await after.close();
  });

  it('says when there is no log, and makes none', async () => {
    const dir = join(dataDir, 'elsewhere');
    expect(await reread(dir)).toMatchObject({ code: 1, answer: { error: { code: 'NOT_FOUND' } } });
    expect(existsSync(dir)).toBe(false);
  });
});
