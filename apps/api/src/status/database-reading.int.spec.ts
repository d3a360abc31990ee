import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ClickHouse, ClickHouseRowReader, migrate } from '#libs/clickhouse';
import { startTestEngine, type TestEngine } from '#libs/clickhouse/testing';
import { SystemClock } from '#libs/time';
import { FakeClock } from '#libs/time/testing';
import { DatabaseStatus } from './database-reading.js';

describe('DatabaseStatus on a real engine', () => {
  const clock = new SystemClock();
  const at = Date.UTC(2026, 10, 24, 12);
  let engine: TestEngine;
  let clickhouse: ClickHouse;
  /** A bare number would be taken for ticks. */
  const moment = (ms: number) => `fromUnixTimestamp64Milli(${ms}, 'UTC')`;
  const read = () => new DatabaseStatus(new ClickHouseRowReader(clickhouse), clock).read();

  /** Inserts windows of ten requests each, one for each sequence. */
  const windowsOf = (from: number, count: number) =>
    `INSERT INTO cache_windows
      (service, cache, tier, window_ms, hits, misses, time, bucket_end, instance, sequence, idx, row_version)
    SELECT 's', 'c', 'memory', 1000, 7, 3, ${moment(at)}, toDateTime(${at / 1_000}, 'UTC'),
      toUUID('00000000-0000-4000-8000-000000000001'), ${from} + number, 0, 1 FROM numbers(${count})`;

  beforeAll(async () => {
    engine = await startTestEngine();
    clickhouse = new ClickHouse(engine);
    await migrate(clickhouse, clock);
  }, 60_000);

  afterAll(async () => {
    await clickhouse.close();
    await engine.stop();
  });

  it('finds nothing in an empty database, and no audit that could be trusted', async () => {
    expect(await read()).toMatchObject({
      progress: { partitions: [], settled: { '10s': null, '1m': null, '1h': null } },
      exact: true,
      cache: { requests: 0, hits: 0, misses: 0 },
      deadLetters: 0,
      audit: { checked: null, lost: null, duplicated: null, checkedAt: null },
    });
  });

  it('counts rows that were inserted twice once', async () => {
    for (let twice = 0; twice < 2; twice++) await clickhouse.command(windowsOf(0, 5));
    const { byKind, exact } = await read();
    expect({ windows: byKind['cache.window'], exact }).toEqual({ windows: 5, exact: true });
  });

  it('tells events and requests of one moment, also where the one question costs more than the other', async () => {
    const ours = new FakeClock();
    /** The engine, on which sums over caches take 500 ms more than anything else. */
    class SlowCaches extends ClickHouseRowReader {
      override async rows<Row>(...asked: Parameters<ClickHouseRowReader['rows']>): Promise<Row[]> {
        const found = await super.rows<Row>(...asked);
        if (asked[0].includes('cache_by_1h')) await ours.advance(500);
        return found;
      }
    }
    const status = new DatabaseStatus(new SlowCaches(clickhouse), ours);
    const told = async () => {
      const { byKind, cache } = await status.read();
      return { windows: byKind['cache.window'], requests: cache.requests };
    };
    const seen = [await told()];
    for (let looks = 0, from = 5; looks < 20; looks++, from++) {
      await clickhouse.command(windowsOf(from, 1));
      await ours.advance(1_000);
      seen.push(await told());
    }
    // Not read at every look, and ten requests for each window at every one.
    expect(new Set(seen.map(({ windows }) => windows)).size).toBeGreaterThan(2);
    expect(seen.map(({ windows, requests }) => [windows, requests])).toEqual(
      seen.map(({ windows }) => [windows, windows! * 10]),
    );
  });

  it('counts a request to a cache of several tiers once, and what any of them answered', async () => {
    await clickhouse.command('TRUNCATE TABLE cache_windows');
    const insert = (cache: string, tier: string, counts: Readonly<Record<string, number>>, hour = 0) =>
      clickhouse.command(
        `INSERT INTO cache_windows (service, cache, tier, window_ms, ${Object.keys(counts).join(', ')}, time, bucket_end,
          instance, sequence, idx, row_version)
        SELECT 's', '${cache}', '${tier}', 1000, ${Object.values(counts).join(', ')}, ${moment(at - hour * 3_600_000)},
          toDateTime(${at / 1_000 - hour * 3_600}, 'UTC'), toUUID('00000000-0000-4000-8000-000000000001'),
          ${1_000 + hour}, ${cache.length * 10 + tier.length}, ${tier.length}`,
      );
    await insert('pages', 'memory', { hits: 50, stale_hits: 10, misses: 40 });
    // One of the 40 finds the disk broken, and is asked of redis with the 19 that it does not have.
    await insert('pages', 'disk', { hits: 15, negative_hits: 5, misses: 19, errors: 1 });
    await insert('pages', 'redis', { hits: 8, misses: 12 });
    // It had no memory tier an hour ago.
    await insert('pages', 'disk', { hits: 100, misses: 100 }, 1);
    await insert('covers', 'of-its-own', { hits: 1, misses: 1 });
    expect((await read()).cache).toEqual({
      requests: 302,
      hits: 174,
      staleHits: 10,
      negativeHits: 5,
      misses: 113,
      errors: 1,
    });
    await clickhouse.command('TRUNCATE TABLE cache_windows');
  });

  it('takes the newest progress of each partition, and an unset time as unknown', async () => {
    for (const [revision, committed] of [
      [1, 10],
      [2, 25],
    ])
      await clickhouse.command(
        `INSERT INTO progress (partition, committed, watermark, idle, silent, settled_10s, revision)
        VALUES (0, ${committed}, ${moment(at + revision! * 1_000)}, 0, 1, ${at / 1_000}, ${revision})`,
      );
    const { progress } = await read();
    expect(progress).toEqual({
      partitions: [{ partition: 0, watermark: at + 2_000, idle: false, silent: true }],
      settled: { '10s': at, '1m': null, '1h': null },
    });
  });

  it('has settled what the views have, and does not go back when the last partition becomes idle', async () => {
    let revision = 10;
    const put = (...rows: [partition: number, idle: boolean, settledAgo: number][]) =>
      clickhouse.command(
        `INSERT INTO progress (partition, idle, settled_10s, revision) VALUES ${rows
          .map(([partition, idle, ago]) => `(${partition}, ${idle ? 1 : 0}, ${(at - ago) / 1_000}, ${revision++})`)
          .join(', ')}`,
      );
    const settled = async () => (await read()).progress.settled['10s']! - at;
    // Partition 2 never had a record: it settles two hours before now, and is idle.
    await put([0, false, 20_000], [1, false, 10_000], [2, true, 7_200_000]);
    expect(await settled()).toBe(-20_000);
    await put([0, true, 0], [1, true, 10_000]);
    expect(await settled()).toBe(0);
    await clickhouse.command('ALTER TABLE progress DELETE WHERE partition > 0 SETTINGS mutations_sync = 2');
  });

  it('counts inserted records and events as they come, on whatever day they were accepted, and loses none to retention', async () => {
    const status = new DatabaseStatus(new ClickHouseRowReader(clickhouse), new FakeClock());
    const counted = async () => {
      const { records, events } = (await status.read()).inserted;
      return { records, events };
    };
    let sequence = 0;
    const insert = (day: string, ...sizes: number[]) =>
      clickhouse.command(
        `INSERT INTO batches (instance, sequence, accepted_day, accepted_at, events) VALUES ${sizes
          .map(
            (events) =>
              `('00000000-0000-4000-8000-000000000002', ${++sequence}, '${day}', '${day} 12:00:00', ${events})`,
          )
          .join(', ')}`,
      );
    await insert('2026-11-23', 500, 500);
    expect(await counted()).toEqual({ records: 2, events: 1_000 });
    await insert('2026-11-24', 10);
    await insert('2026-11-23', 7, 0);
    expect(await counted()).toEqual({ records: 5, events: 1_017 });
    await clickhouse.command('OPTIMIZE TABLE batches FINAL');
    expect(await counted()).toEqual({ records: 5, events: 1_017 });
    await clickhouse.command("ALTER TABLE batches DROP PARTITION '2026-11-23'");
    await insert('2026-11-24', 3);
    expect(await counted()).toEqual({ records: 6, events: 1_020 });
    // A day that is new has the dropped one forgotten, and no other.
    await insert('2026-11-25', 4);
    expect(await counted()).toEqual({ records: 7, events: 1_024 });
    await insert('2026-11-23', 5);
    expect(await counted()).toEqual({ records: 8, events: 1_029 });
  });

  it('adds up the latest finding of each scope of the audit, and is as old as the oldest of those that must be there', async () => {
    const now = Math.floor(clock.now() / 1_000) * 1_000;
    const finding = (scope: string, ago: number, lost: number, duplicated: number, full: number) =>
      clickhouse.command(
        `INSERT INTO audit (time, scope, checked_from, checked_through, full, checked, lost, duplicated)
        VALUES (${moment(now - ago)}, '${scope}', 0, ${moment(now - ago - 60_000)}, ${full}, 1, ${lost}, ${duplicated})`,
      );
    const through = { checkedThrough: null, minutesThrough: null, hoursThrough: null };
    const unknown = { lost: null, duplicated: null, checkedAt: null, ...through, lastFullCheckAt: null };
    const nothing = { ...unknown, checked: null, hoursThrough: now - 65_000 };
    await finding('raw/0', 9_000, 0, 0, 1);
    await finding('rollups', 7_000, 0, 0, 1);
    await finding('rollups/1h', 5_000, 0, 0, 1);
    // Partition 0 has progress, and nobody has looked at its log for days.
    await clickhouse.command('INSERT INTO progress (partition, revision) VALUES (0, 0)');
    await finding('log/0', 3 * 86_400_000, 5, 5, 1);
    expect((await read()).audit).toEqual(nothing);
    await finding('raw/0', 4_000, 3, 0, 0);
    expect((await read()).audit).toEqual({ ...nothing, lost: 3 });
    await finding('log/0', 6_000, 2, 4, 1);
    // Of a clock that was 60 days ahead for a moment.
    await finding('log/0', -60 * 86_400_000, 0, 0, 1);
    expect((await read()).audit).toEqual({
      checked: 4,
      lost: 5,
      duplicated: 4,
      checkedAt: now - 7_000,
      checkedThrough: now - 67_000,
      minutesThrough: now - 67_000,
      hoursThrough: now - 65_000,
      lastFullCheckAt: now - 9_000,
    });
  });
});
