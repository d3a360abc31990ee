import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createHash, randomUUID } from 'node:crypto';
import { zstdCompressSync } from 'node:zlib';
import { AGGREGATOR_GROUP, encodeHeaders, EVENTS_TOPIC, type Batch, type Metric } from '#libs/contracts';
import type { NewRecord } from '#libs/event-log';
import { untilCounted } from '#test/support';
import { engineOfFile, TestAggregation } from './testing/test-aggregation.js';

const engine = engineOfFile();
let test: TestAggregation;

beforeEach(async () => {
  test = await TestAggregation.start(engine());
}, 60_000);
afterEach(async () => {
  await test.stop();
}, 60_000);

describe('A mended dead letter', () => {
  const instance = randomUUID();
  const aMetric = (value: number): Metric => ({
    kind: 'metric',
    time: Math.floor(test.clock.now()) - 60_000,
    name: 'pages_total',
    type: 'counter',
    value,
  });
  /** A record of the collector with the events at these indexes, by their values; a letter when it says of when. */
  function record(events: Readonly<Record<number, number>>, originalAcceptedAt?: number): NewRecord {
    const at = Math.floor(test.clock.now());
    const batch: Batch = {
      schema: 1,
      emitter: { service: 'library-api', instance, version: '1.0.0' },
      sequence: 7,
      sentAt: at,
      events: Object.values(events).map(aMetric),
    };
    const text = JSON.stringify(batch);
    const headers = encodeHeaders({
      v: 1,
      sequence: 7,
      acceptedAt: at,
      events: batch.events.length,
      encoding: 'zstd',
      hash: createHash('sha256').update(text).digest('hex'),
      indexes: Object.keys(events).map(Number),
      ...(originalAcceptedAt !== undefined && { originalAcceptedAt }),
    });
    return { key: instance, value: zstdCompressSync(text), headers };
  }
  const counted = async () => {
    await untilCounted(test.log, test.clickhouse, test.clock, { timeoutMs: 60_000 });
    const [raw] = await test.clickhouse.query<{ rows: string; total: number }>(
      'SELECT toString(count()) AS rows, sum(value) AS total FROM metric_events FINAL',
    );
    const [hour] = await test.clickhouse.query<{ total: number }>(
      'SELECT sum(value_sum) AS total FROM metrics_1h FINAL',
    );
    return { rows: Number(raw!.rows), raw: raw!.total, hour: hour!.total };
  };

  it('is counted once, however often it is replayed, and not where its index was accepted', async () => {
    const running = await test.aggregate();
    const append = (one: NewRecord) => test.log.append(EVENTS_TOPIC, [one]);
    await append(record({ 0: 1, 2: 100 }));
    expect(await counted()).toEqual({ rows: 2, raw: 101, hour: 101 });
    const acceptedAt = Math.floor(test.clock.now());

    const mended = record({ 1: 10 }, acceptedAt);
    await append(mended);
    expect(await counted()).toEqual({ rows: 3, raw: 111, hour: 111 });
    await append(mended);
    expect(await counted()).toEqual({ rows: 3, raw: 111, hour: 111 });
    await append(record({ 1: 5_000 }, acceptedAt));
    await append(record({ 0: 5_000 }, acceptedAt));
    expect(await counted()).toEqual({ rows: 3, raw: 111, hour: 111 });
    // One index is taken, one is new; and the batch itself comes once more.
    await append(record({ 1: 5_000, 3: 1_000 }, acceptedAt));
    await append(record({ 0: 1, 2: 100 }));
    expect(await counted()).toEqual({ rows: 4, raw: 1_111, hour: 1_111 });

    const places = () =>
      test.clickhouse.query('SELECT offset, events, indexes FROM batches FINAL ORDER BY partition, offset');
    const before = await places();
    expect(before.map((row) => (row as { indexes: number[] }).indexes)).toEqual([[0, 2], [1], [3]]);

    // The whole log again: same rows, same answers.
    await running.stop();
    await test.log.forgetGroup(EVENTS_TOPIC, AGGREGATOR_GROUP);
    await test.aggregate();
    expect(await counted()).toEqual({ rows: 4, raw: 1_111, hour: 1_111 });
    expect(await places()).toEqual(before);
  }, 90_000);
});
