import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ClickHouse, migrate } from '#libs/clickhouse';
import { startTestEngine, type TestEngine } from '#libs/clickhouse/testing';
import { AGGREGATOR_GROUP, EVENTS_TOPIC, type Batch } from '#libs/contracts';
import type { Consumption, NewRecord } from '#libs/event-log';
import { EmbeddedEventLog } from '#libs/event-log/embedded';
import { Metrics, SilentLogger } from '#libs/operations';
import { SystemClock } from '#libs/time';
import { makeTraffic, recordOf, type TrafficTotals } from '#test/support';
import { Aggregator } from './aggregator.js';

const clock = new SystemClock();
const config = {
  partitions: 2,
  lateHours: 48,
  insertIntervalMs: 20,
  insertMaxRows: 50_000,
  recountIntervalMs: 50,
  recountMaxWaitMs: 100,
  auditIntervalMs: 3_600_000,
};

let path: string;
let engine: TestEngine;
let log: EmbeddedEventLog;
let clickhouse: ClickHouse;

beforeEach(async () => {
  path = mkdtempSync(join(tmpdir(), 'alperf-aggregator-'));
  engine = await startTestEngine();
  clickhouse = new ClickHouse(engine);
  await migrate(clickhouse, clock);
  log = await EmbeddedEventLog.open({ path, clock, random: Math.random });
  await log.ensureTopic(EVENTS_TOPIC, { partitions: config.partitions });
}, 60_000);

afterEach(async () => {
  await log.close();
  await clickhouse.close();
  await engine.stop();
  rmSync(path, { recursive: true, force: true });
});

interface Running {
  readonly aggregator: Aggregator;
  readonly consumption: Consumption;
  stop(): Promise<void>;
}

async function start(store = clickhouse): Promise<Running> {
  const aggregator = new Aggregator(config, {
    clickhouse: store,
    clock,
    log: new SilentLogger(),
    metrics: new Metrics(),
    newTouch: randomUUID,
    eventLog: log,
  });
  aggregator.start();
  const consumption = await log.consume({
    topic: EVENTS_TOPIC,
    group: AGGREGATOR_GROUP,
    onAssigned: (_topic, partition, committed) => aggregator.assigned(partition, committed),
    onRevoked: async (_topic, partition) => aggregator.revoked(partition),
    onBatch: (batch) => aggregator.handle(batch),
  });
  const stop = async () => {
    await consumption.close();
    await aggregator.stop();
  };
  return { aggregator, consumption, stop };
}

/** Waits until everything in the log is committed and every touched bucket is recounted. */
async function settled(): Promise<void> {
  for (;;) {
    const ranges = await log.ranges(EVENTS_TOPIC);
    const committed = await log.committed(EVENTS_TOPIC, AGGREGATOR_GROUP);
    const read = ranges.every(
      ({ partition, next }) => next === 0n || committed.find((one) => one.partition === partition)?.offset === next,
    );
    const [open] = await clickhouse.query<{ n: string | number }>(
      'SELECT count() AS n FROM marks FINAL WHERE consumed = 0',
    );
    if (read && Number(open?.n) === 0) return;
    await clock.sleep(25);
  }
}

const SOURCES = {
  cache: ['cache_10s FINAL', 'cache_1m FINAL', 'cache_1h FINAL', 'cache', 'cache_by_1m', 'cache_by_1h'],
  loads: ['loads_10s FINAL', 'loads_1m FINAL', 'loads_1h FINAL', 'loads', 'loads_by_1m', 'loads_by_1h'],
  metrics: ['metrics_10s FINAL', 'metrics_1m FINAL', 'metrics_1h FINAL', 'metrics', 'metrics_by_1m', 'metrics_by_1h'],
};

async function expectTotals(totals: TrafficTotals): Promise<void> {
  const sums = async (sql: string) =>
    Object.fromEntries(
      Object.entries((await clickhouse.query<Record<string, string | number>>(sql))[0]!).map(([name, value]) => [
        name,
        Number(value),
      ]),
    );
  const { cache, loads, metrics } = totals;
  for (const from of SOURCES.cache)
    expect([
      from,
      await sums(
        `SELECT sum(t.windows) AS windows, sum(t.hits) AS hits, sum(t.misses) AS misses, sum(t.evicted) AS evicted, sum(t.get_count) AS getCount, sum(t.get_sum) AS getSumNs, sum(t.version) AS v, sum(arraySum(mapValues(t.get_bins))) AS bins FROM ${from.replace(' FINAL', '')} AS t ${from.endsWith('FINAL') ? 'FINAL' : ''}`,
      ),
    ]).toEqual([from, { ...cache, v: cache.windows, bins: cache.getCount }]);
  for (const from of SOURCES.loads)
    expect([
      from,
      await sums(
        `SELECT sum(t.loads) AS events, sum(t.bytes) AS bytes, sum(t.total_sum) AS totalNs, sum(arraySum(mapValues(t.total_bins))) AS bins FROM ${from.replace(' FINAL', '')} AS t ${from.endsWith('FINAL') ? 'FINAL' : ''}`,
      ),
    ]).toEqual([from, { ...loads, bins: loads.events }]);
  for (const from of SOURCES.metrics)
    expect([
      from,
      await sums(
        `SELECT sum(t.samples) AS events, sum(t.value_sum) AS counterSum FROM ${from.replace(' FINAL', '')} AS t ${from.endsWith('FINAL') ? 'FINAL' : ''}`,
      ),
    ]).toEqual([from, metrics]);
}

describe('The aggregator', () => {
  it('counts exactly what was emitted at every level and in every view', async () => {
    const { batches, totals } = makeTraffic({
      seed: 1,
      batches: 60,
      startMs: clock.now() - 3_600_000,
      spanMs: 600_000,
    });
    await log.append(
      EVENTS_TOPIC,
      batches.map((batch) => recordOf(batch)),
    );
    const running = await start();
    await settled();
    await expectTotals(totals);
    await running.stop();
  }, 60_000);

  it('counts a batch once that was sent five times, out of order, also after a restart', async () => {
    const { batches, totals } = makeTraffic({ seed: 2, batches: 20, startMs: clock.now() - 60_000 });
    const records = batches.map((batch) => recordOf(batch));
    await log.append(EVENTS_TOPIC, [...records, ...records.toReversed()]);
    const first = await start();
    await settled();
    await first.stop();
    await log.append(EVENTS_TOPIC, [...records.toReversed(), ...records, ...records]);
    const second = await start();
    await settled();
    await expectTotals(totals);
    await second.stop();
  }, 60_000);

  it('changes no answer when the whole log is replayed from the start', async () => {
    const { batches, totals } = makeTraffic({ seed: 3, batches: 40, startMs: clock.now() - 600_000, spanMs: 300_000 });
    await log.append(
      EVENTS_TOPIC,
      batches.map((batch) => recordOf(batch)),
    );
    const first = await start();
    await settled();
    await first.stop();
    await log.forgetGroup(EVENTS_TOPIC, AGGREGATOR_GROUP);
    const second = await start();
    await settled();
    await expectTotals(totals);
    await second.stop();
  }, 60_000);

  it('puts events of a batch that spans the whole lateness into their buckets', async () => {
    const { batches, totals } = makeTraffic({
      seed: 4,
      batches: 48,
      startMs: clock.now() - 47 * 3_600_000,
      spanMs: 47 * 3_600_000,
    });
    const [first] = batches;
    const one: Batch = {
      ...first!,
      sentAt: clock.now(),
      closedThrough: clock.now(),
      events: batches.flatMap(({ events }) => events),
    };
    await log.append(EVENTS_TOPIC, [recordOf(one)]);
    const running = await start();
    await settled();
    await expectTotals({ ...totals, batches: 1 });
    await running.stop();
  }, 60_000);

  it('puts a record that cannot be read to the dead letters and goes on', async () => {
    const { batches, totals } = makeTraffic({ seed: 5, batches: 4, startMs: clock.now() - 60_000 });
    const good = batches.map((batch) => recordOf(batch));
    const [one] = good;
    const bad: NewRecord[] = [
      { key: 'x', value: Buffer.from('not a batch'), headers: {} },
      { ...one!, value: Buffer.from('not zstd') },
      { ...one!, key: randomUUID() },
      { ...one!, headers: { ...one!.headers, n: '7' } },
    ];
    await log.append(EVENTS_TOPIC, [...bad, ...good, ...bad]);
    const running = await start();
    await settled();
    await expectTotals(totals);
    const letters = await clickhouse.query<{ cause: string; n: string | number }>(
      'SELECT cause, count() AS n FROM dead_letters FINAL GROUP BY cause',
    );
    expect(letters.map(({ cause, n }) => ({ cause, n: Number(n) }))).toEqual([{ cause: 'poison', n: 8 }]);
    await running.stop();
  }, 60_000);
});
