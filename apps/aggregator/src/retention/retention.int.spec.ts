import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { EVENTS_TOPIC, type Batch } from '#libs/contracts';
import { Metrics } from '#libs/operations';
import { RecordingLogger } from '#libs/operations/testing';
import { SystemClock } from '#libs/time';
import { makeTraffic, recordOf, untilCounted } from '#test/support';
import { AggregatorStore } from '../aggregator-store.js';
import { Assignments } from '../assignments.js';
import { MarkBook } from '../recount/mark-book.js';
import { preparedOnce, type TestAggregation } from '../testing/test-aggregation.js';
import { DEFAULT_RETENTION, Retention } from './retention.js';
import { RetentionTelemetry } from './retention-telemetry.js';

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

/** The system's clock, which may be set wrong, and whose process may have run for days. */
class SetClock extends SystemClock {
  aheadMs = 0;
  ranMs = 0;

  override now(): number {
    return super.now() + this.aheadMs + this.ranMs;
  }

  override monotonic(): number {
    return super.monotonic() + this.ranMs;
  }
}

let tests: TestAggregation;
let clock: SetClock;
let log: RecordingLogger;
let retention: Retention;
let metrics: Metrics;
let firstMs: number;

const another = preparedOnce(async (first) => {
  tests = first;
  firstMs = first.clock.now() - HOUR_MS;
  await bring(makeTraffic({ seed: 21, batches: 12, startMs: firstMs, spanMs: 60_000 }).batches);
  // Everybody has gone silent: no watermark keeps the days.
  await silent();
});

beforeEach(async () => {
  tests = await another();
  clock = new SetClock();
  log = new RecordingLogger();
  retention = await anotherProcess();
  await retention.run();
  clock.ranMs = DEFAULT_RETENTION.holdMs;
}, 120_000);

afterEach(async () => {
  await tests.stop();
});

async function anotherProcess(): Promise<Retention> {
  const { clickhouse } = tests;
  const store = new AggregatorStore(clickhouse, clock);
  const assignments = new Assignments(store, new MarkBook());
  await assignments.assigned(0, undefined, clock.monotonic(), true);
  metrics = new Metrics();
  const telemetry = new RetentionTelemetry(metrics);
  return new Retention(clickhouse, tests.log, store, assignments, clock, telemetry, log, DEFAULT_RETENTION);
}

async function bring(batches: readonly Batch[], acceptedAt?: number): Promise<void> {
  await tests.log.append(
    EVENTS_TOPIC,
    batches.map((batch) => recordOf(batch, acceptedAt)),
  );
  const running = await tests.aggregate();
  await untilCounted(tests.log, tests.clickhouse, tests.clock);
  await running.stop();
}

async function silent(): Promise<void> {
  await tests.clickhouse.command(
    'INSERT INTO progress SELECT * REPLACE (1 AS idle, revision + 1 AS revision) FROM progress FINAL',
  );
}

/** Some batches of so many days later. */
const later = (days: number, seed = 22, batches = 3) =>
  makeTraffic({ seed, batches, startMs: firstMs + days * DAY_MS, spanMs: 60_000 }).batches;

/** Time passes, events come, a round of retention runs. */
async function retainAfter(days: number): Promise<void> {
  await bring(later(days, days));
  await silent();
  clock.ranMs = days * DAY_MS;
  await retention.run();
}

/** Rows of the first events and what was counted of them. */
async function held(): Promise<Record<string, number>> {
  const tables = ['cache_windows', 'cache_10s', 'cache_1m', 'cache_1h', 'marks'];
  const until = `toDateTime(${Math.ceil((firstMs + 2 * HOUR_MS) / 1_000)}, 'UTC')`;
  const counts = tables.map((table) => `(SELECT count() FROM ${table} FINAL WHERE bucket_end < ${until}) AS ${table}`);
  const [row] = await tests.clickhouse.query<Record<string, string | number>>(`SELECT ${counts.join(', ')}`);
  return Object.fromEntries(Object.entries(row!).map(([table, n]) => [table, Number(n)]));
}

const one = async (sql: string) => Number((await tests.clickhouse.query<{ n: string | number }>(sql))[0]!.n);
const hitsByHour = () =>
  one(
    `SELECT sum(hits) AS n FROM cache_by_1h WHERE bucket_end < toDateTime(${Math.ceil(firstMs / 1_000) + 7_200}, 'UTC')`,
  );
const tooLate = () => one(`SELECT count() AS n FROM dead_letters FINAL WHERE cause = 'too_late'`);
const rawFrom = () => new AggregatorStore(tests.clickhouse, tests.clock).rawFrom();

describe('Retention', () => {
  it('drops nothing that is young enough', async () => {
    const before = await held();
    await retainAfter(2);
    expect(await held()).toEqual(before);
  }, 120_000);

  it('drops raw events after 72 hours and 10 s buckets after a week, and coarser answers stay', async () => {
    const before = await held();
    const hits = await hitsByHour();
    await retainAfter(5);
    expect(await held()).toEqual({ ...before, cache_windows: 0 });
    expect(await hitsByHour()).toBe(hits);
    await retainAfter(9);
    expect(await held()).toEqual({ ...before, cache_windows: 0, cache_10s: 0, marks: 0 });
    expect(await hitsByHour()).toBe(hits);
  }, 120_000);

  it('drops what is old where no process ever runs for as long as the clock must hold', async () => {
    await bring(later(9));
    await silent();
    await retention.stop();
    const before = await held();
    for (let session = 0; session < 2; session++) {
      // What passes while nothing runs is the wall clock's alone.
      clock.aheadMs += 5 * DAY_MS;
      const process = await anotherProcess();
      await process.run();
      expect((await held())['cache_windows']).toBe(before['cache_windows']);
      clock.ranMs += (DEFAULT_RETENTION.holdMs * 5) / 6;
      await process.stop();
    }
    await (await anotherProcess()).run();
    expect((await held())['cache_windows']).toBe(0);
  }, 120_000);

  it('keeps a day in which a bucket waits for its recount', async () => {
    await bring(later(5));
    await tests.clickhouse.command(
      `INSERT INTO marks SELECT * REPLACE ('again' AS touch, 0 AS consumed) FROM marks FINAL WHERE level = '10s' ORDER BY bucket_end LIMIT 1`,
    );
    const before = await held();
    clock.ranMs = 5 * DAY_MS;
    await retention.run();
    expect(await held()).toEqual(before);
  }, 120_000);

  it('keeps what a record can still touch that nobody has read, although its partition looks idle', async () => {
    // As many emitters as it takes to have some in each partition.
    await tests.log.append(
      EVENTS_TOPIC,
      makeTraffic({ seed: 23, emitters: 12, batches: 12, startMs: firstMs, spanMs: 60_000 }).batches.map((batch) =>
        recordOf(batch),
      ),
    );
    const before = await held();
    const { clickhouse } = tests;
    // All the others are far on.
    await clickhouse.command(
      `INSERT INTO batches (instance, sequence, accepted_day, partition, offset, accepted_at)
       SELECT generateUUIDv4(), 0, toDate(at), 0, 0, at FROM (SELECT fromUnixTimestamp64Milli(toInt64(${firstMs + 9 * DAY_MS}), 'UTC') AS at)`,
    );
    clock.ranMs = 9 * DAY_MS;
    await retention.run();
    expect(await held()).toEqual(before);
    expect(await rawFrom()).toBeLessThan(firstMs - 2 * DAY_MS);
    const running = await tests.aggregate();
    await untilCounted(tests.log, clickhouse, tests.clock);
    await running.stop();
    expect(await tooLate()).toBe(0);
    await retention.run();
    expect((await held())['cache_windows']).toBe(0);
  }, 120_000);
});

describe('A clock that is wrong', () => {
  it('drops nothing of silent partitions, and turns no fresh event away, set forward and back', async () => {
    const before = await held();
    for (const ahead of [60, 0, -60, 0, 90, 30, 0]) {
      clock.aheadMs = ahead * DAY_MS;
      await retention.run();
    }
    expect(await held()).toEqual(before);
    expect(await rawFrom()).toBeLessThan(firstMs - 2 * DAY_MS);
    await bring(later(1));
    expect(await tooLate()).toBe(0);
  }, 120_000);

  it('drops nothing either when what comes in is dated by the same clock, and is told of', async () => {
    const before = await held();
    await bring(later(60));
    clock.aheadMs = 60 * DAY_MS;
    await retention.run();
    clock.ranMs += DEFAULT_RETENTION.holdMs / 2;
    await retention.run();
    clock.aheadMs = 0;
    clock.ranMs += DEFAULT_RETENTION.holdMs;
    await retention.run();
    expect(await held()).toEqual(before);
    expect(await rawFrom()).toBeLessThan(firstMs - 2 * DAY_MS);
    expect(log.lines.filter(({ level }) => level === 'error').map(({ fields }) => fields['jumpedHours'])).toEqual([
      60 * 24,
    ]);
    expect(await metrics.exposition()).toContain('aggregator_clock_jumps_total 1');
  }, 120_000);

  it('drops the old with the first event after 70 days without any, not before', async () => {
    const before = await held();
    clock.ranMs = 70 * DAY_MS;
    await retention.run();
    expect(await held()).toEqual(before);
    expect(await rawFrom()).toBeLessThan(firstMs - 2 * DAY_MS);
    const hits = await hitsByHour();
    await bring(later(70));
    expect(await tooLate()).toBe(0);
    await retention.run();
    expect(await held()).toEqual({ ...before, cache_windows: 0, cache_10s: 0, cache_1m: 0, marks: 0 });
    expect(await hitsByHour()).toBe(hits);
    await bring(later(70, 61));
    expect(await tooLate()).toBe(0);
  }, 120_000);

  it('is taken back from a raw_from that it had set, without counting any bucket anew from a part of it', async () => {
    const store = new AggregatorStore(tests.clickhouse, tests.clock);
    await store.advanceRawFrom(Date.UTC(new Date(firstMs).getUTCFullYear() + 2, 0, 20));
    for (const table of ['cache_windows', 'cache_10s'])
      for (const day of await store.partitionsOf(table))
        await tests.clickhouse.command(`ALTER TABLE ${table} DROP PARTITION '${day}'`);
    await bring(later(1));
    expect(await tooLate()).toBeGreaterThan(0);
    await retention.run();
    const healed = await rawFrom();
    expect(healed).toBeGreaterThanOrEqual(firstMs);
    expect(healed).toBeLessThanOrEqual(firstMs + 3 * HOUR_MS);
    const letters = await tooLate();
    await bring(later(1, 24));
    expect(await tooLate()).toBe(letters);
    // It goes on from there.
    await retainAfter(6);
    expect(await rawFrom()).toBeGreaterThan(healed);
  }, 120_000);

  it('does not take back what heartbeats alone have brought about', async () => {
    await bring(later(10).map((batch) => ({ ...batch, events: [] })));
    clock.ranMs = 10 * DAY_MS;
    await retention.run();
    const advanced = await rawFrom();
    expect(advanced).toBeGreaterThan(firstMs);
    await retention.run();
    expect(await rawFrom()).toBe(advanced);
    expect(log.lines.filter(({ level }) => level === 'error')).toEqual([]);
  }, 120_000);
});
