import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { ClickHouse } from '#libs/clickhouse';
import { AGGREGATOR_GROUP, EVENTS_TOPIC, type Batch } from '#libs/contracts';
import {
  addTo,
  between,
  expectExact,
  inconsistencies,
  makeTraffic,
  noTotals,
  seededRandom,
  startFaultProxy,
  type Fault,
  type TrafficTotals,
  recordOf,
} from '#test/support';
import { AggregatorStore } from './aggregator-store.js';
import { engineOfFile, TestAggregation } from './testing/test-aggregation.js';

const engine = engineOfFile();
let test: TestAggregation;

beforeEach(async () => {
  test = await TestAggregation.start(engine());
}, 60_000);
afterEach(async () => {
  await test.stop();
}, 60_000);

describe('No answer changes', () => {
  it('when inserts fail, lose their answers and time out', async () => {
    let inserts = 0;
    const faults: Fault[] = ['refuse', 'lose', 'drop', 'hang'];
    const proxy = await startFaultProxy(test.engine.url, (statement) => {
      if (!statement.startsWith('INSERT')) return 'pass';
      inserts++;
      return inserts % 3 === 0 ? faults[(inserts / 3) % faults.length]! : 'pass';
    });
    const { batches, totals } = makeTraffic({
      seed: 11,
      batches: 40,
      startMs: test.clock.now() - 900_000,
      spanMs: 600_000,
    });
    await test.append(batches);
    const clickhouse = new ClickHouse({
      url: proxy.url,
      username: test.engine.username,
      password: test.engine.password,
      database: test.clickhouse.database,
      requestTimeoutMs: 1_500,
    });
    const running = await test.aggregate(clickhouse);
    await test.expectExact(totals);
    await running.stop();
    await clickhouse.close();
    await proxy.stop();
    for (const fault of faults) expect([fault, proxy.done[fault]]).not.toEqual([fault, 0]);
  }, 120_000);

  it('when two aggregators share the log and partitions move between them under load', async () => {
    const { batches, totals } = makeTraffic({
      seed: 12,
      emitters: 12,
      batches: 90,
      startMs: test.clock.now() - 300_000,
      spanMs: 240_000,
    });
    const parts = [0, 1, 2, 3, 4, 5].map((part) => batches.slice(part * 15, part * 15 + 15));
    let second = await test.aggregate();
    const first = await test.aggregate();
    for (const part of parts) {
      await test.append(part);
      await second.stop();
      second = await test.aggregate();
    }
    await test.expectExact(totals);
    expect(first.errors.concat(second.errors).filter((error) => !('code' in error))).toEqual([]);
  }, 120_000);

  it('when the whole log is read again, or batches come again in any order', async () => {
    const { batches, totals } = makeTraffic({
      seed: 13,
      batches: 30,
      startMs: test.clock.now() - 600_000,
      spanMs: 500_000,
    });
    await test.append([...batches, ...batches.toReversed(), ...batches]);
    const first = await test.aggregate();
    await test.counted();
    await first.stop();
    await test.log.forgetGroup(EVENTS_TOPIC, AGGREGATOR_GROUP);
    await test.aggregate();
    await test.append(batches.toReversed());
    await test.expectExact(totals);
  }, 120_000);

  it('when the whole log is read again after raw_from has moved past some of it, and what was given up comes no more', async () => {
    const now = test.clock.now();
    const old = makeTraffic({ seed: 19, batches: 12, startMs: now - 60 * 3_600_000, spanMs: 600_000 });
    const young = makeTraffic({ seed: 20, batches: 12, startMs: now - 900_000, spanMs: 600_000 });
    // One batch has events on both sides.
    const [first, ...rest] = old.batches;
    const both = { ...first!, events: [...first!.events, ...young.batches[0]!.events] };
    await test.append([both, ...rest, ...young.batches]);
    const running = await test.aggregate();
    await test.counted();
    const store = new AggregatorStore(test.clickhouse, test.clock);
    await store.advanceRawFrom(Math.floor((now - 30 * 3_600_000) / 1_000) * 1_000);
    // Late for the first time: this one is turned away, and stays so.
    await test.append([{ ...first!, sequence: 1_000_000 }]);
    await test.counted();
    await running.stop();
    const answers = async () => [
      await test.clickhouse.query('SELECT * FROM batches FINAL ORDER BY instance, sequence, offset'),
      await test.clickhouse.query('SELECT cause, count() AS n FROM dead_letters FINAL GROUP BY cause'),
      await test.clickhouse.query('SELECT service, cache, sum(hits), sum(misses) FROM cache GROUP BY ALL ORDER BY ALL'),
      await test.clickhouse.query('SELECT service, sum(loads), sum(bytes) FROM loads_by_1h GROUP BY ALL ORDER BY ALL'),
      await inconsistencies(test.clickhouse),
    ];
    const before = await answers();
    expect(before[1]).toEqual([{ cause: 'too_late', n: expect.anything() }]);

    await test.log.forgetGroup(EVENTS_TOPIC, AGGREGATOR_GROUP);
    await test.aggregate();
    await test.counted();
    expect(await answers()).toEqual(before);
    await test.expectAudited();
  }, 120_000);

  it('but for the late events themselves, when they come long after their buckets were settled', async () => {
    const now = test.clock.now();
    const early = makeTraffic({ seed: 14, batches: 20, startMs: now - 7_200_000, spanMs: 600_000 });
    const late = makeTraffic({ seed: 15, batches: 20, startMs: now - 7_200_000, spanMs: 600_000 });
    await test.aggregate();
    await test.append(early.batches);
    await test.counted();
    await expectExact(test.clickhouse, early.totals);
    await test.append(late.batches.map((batch): Batch => ({ ...batch, sentAt: now })));
    await test.expectExact(plus(early.totals, late.totals));
  }, 120_000);

  it('when a bucket is recounted again and again, by several at once', async () => {
    const { batches, totals } = makeTraffic({ seed: 16, batches: 20, startMs: test.clock.now() - 900_000 });
    await test.append(batches);
    const before = await test.aggregate();
    await test.counted();
    await before.stop();
    await test.clickhouse.command(
      `INSERT INTO marks SELECT level, rollup, service, subject, bucket_end, partition, concat('again', toString(n)), 0
       FROM (SELECT * FROM marks FINAL) AS m CROSS JOIN (SELECT number AS n FROM numbers(3)) AS again`,
    );
    const [one] = await Promise.all([test.aggregate(), test.aggregate()]);
    await one.aggregator.recount();
    await test.expectExact(totals);
  }, 120_000);

  it('wherever the boundary between rollups and raw events stands', async () => {
    const startMs = test.clock.now() - 3 * 3_600_000;
    const { batches, totals } = makeTraffic({ seed: 17, batches: 60, eventsPerBatch: 20, startMs, spanMs: 9_000_000 });
    await test.append(batches);
    const running = await test.aggregate();
    await test.counted();
    await running.stop();
    await test.expectExact(totals);
    const random = seededRandom(17);
    for (let revision = 1_000_000; revision < 1_000_008; revision++) {
      const at = Math.floor(startMs / 1_000) + between(random, -3_600, 10_800);
      const floor = (step: number, limit: number) => Math.floor(Math.min(at, limit) / step) * step;
      const settled10s = floor(10, Infinity);
      const settled1m = floor(60, settled10s - between(random, 0, 600));
      const settled1h = floor(3_600, settled1m - between(random, 0, 7_200));
      await test.clickhouse.command(
        `INSERT INTO progress (partition, settled_10s, settled_1m, settled_1h, revision)
         SELECT partition, ${settled10s}, ${settled1m}, ${settled1h}, ${revision} FROM (SELECT DISTINCT partition FROM progress) AS p`,
      );
      expect([settled10s, settled1m, settled1h, await inconsistencies(test.clickhouse)]).toEqual([
        settled10s,
        settled1m,
        settled1h,
        [],
      ]);
    }
  }, 120_000);

  it('by records whose headers no collector writes', async () => {
    const { batches, totals } = makeTraffic({ seed: 18, batches: 6, startMs: test.clock.now() - 60_000 });
    const strange = (headers: Record<string, string>) => {
      const record = recordOf({ ...batches[0]!, emitter: { ...batches[0]!.emitter, instance: randomUUID() } });
      return { ...record, headers: { ...record.headers, ...headers } };
    };
    const records = [
      strange({ at: '9007199254740991' }),
      strange({ oat: '9007199254740991' }),
      strange({ rej: '[{"index":"no"}]' }),
      strange({ rej: '[null]' }),
      strange({ ix: '5-104' }),
      strange({ at: '1' }),
    ];
    await test.log.append(EVENTS_TOPIC, [...records, ...batches.map((batch) => recordOf(batch))]);
    await test.aggregate();
    await test.counted();
    const letters = await test.clickhouse.query<{ cause: string; n: string }>(
      'SELECT cause, toString(count()) AS n FROM dead_letters FINAL GROUP BY cause ORDER BY cause',
    );
    // Other positions are fine; a batch accepted in 1970 holds events that are decades ahead of it.
    expect(letters).toEqual([
      { cause: 'poison', n: '4' },
      { cause: 'too_late', n: '100' },
    ]);
    const positions = noTotals();
    for (const event of batches[0]!.events) addTo(positions, event);
    expect(await inconsistencies(test.clickhouse)).toEqual([]);
    await test.expectExact(plus(plus(totals, { ...positions, batches: 1 }), { ...noTotals(), batches: 1 }));
  }, 120_000);
});

function plus(one: TrafficTotals, other: TrafficTotals): TrafficTotals {
  const sum = <Part extends object>(a: Part, b: Part): Part =>
    Object.fromEntries(
      Object.entries(a).map(([name, value]) => {
        const more = (b as Record<string, unknown>)[name];
        return [name, typeof value === 'number' ? value + (more as number) : sum(value as object, more as object)];
      }),
    ) as Part;
  return sum(one, other);
}
