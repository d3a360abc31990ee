import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { SilentLogger } from '#libs/operations';
import { SystemClock } from '#libs/time';
import { makeTraffic, untilCounted } from '#test/support';
import { AggregatorStore } from '../aggregator-store.js';
import { Assignments } from '../assignments.js';
import { MarkBook } from '../recount/mark-book.js';
import { TestAggregation } from '../testing/test-aggregation.js';
import { DEFAULT_RETENTION, Retention } from './retention.js';

/** The system's clock, some days on. */
class LaterClock extends SystemClock {
  constructor(private readonly byMs: number) {
    super();
  }

  override now(): number {
    return super.now() + this.byMs;
  }
}

const DAY_MS = 86_400_000;
let tests: TestAggregation;

beforeEach(async () => {
  tests = await TestAggregation.start();
  const { batches } = makeTraffic({ seed: 21, batches: 12, startMs: tests.clock.now() - 3_600_000, spanMs: 60_000 });
  await tests.append(batches);
  const running = await tests.aggregate();
  await untilCounted(tests.log, tests.clickhouse, tests.clock);
  await running.stop();
  // Everybody has gone silent: no watermark keeps the days.
  await tests.clickhouse.command(
    `INSERT INTO progress SELECT * REPLACE (1 AS idle, revision + 1 AS revision) FROM progress FINAL`,
  );
}, 60_000);

afterEach(async () => {
  await tests.stop();
});

async function retainAfter(days: number): Promise<void> {
  const clock = new LaterClock(days * DAY_MS);
  const store = new AggregatorStore(tests.clickhouse, clock);
  const assignments = new Assignments(store, new MarkBook());
  await assignments.assigned(0, undefined, clock.monotonic());
  await new Retention(tests.clickhouse, store, assignments, clock, new SilentLogger(), DEFAULT_RETENTION).run();
}

async function held(): Promise<Record<string, number>> {
  const tables = ['cache_windows', 'cache_10s', 'cache_1m', 'cache_1h', 'marks'];
  const counts = tables.map((table) => `(SELECT count() FROM ${table} FINAL) AS ${table}`);
  const [row] = await tests.clickhouse.query<Record<string, string | number>>(`SELECT ${counts.join(', ')}`);
  return Object.fromEntries(Object.entries(row!).map(([table, n]) => [table, Number(n)]));
}

const hitsByHour = async () =>
  Number((await tests.clickhouse.query<{ n: string | number }>('SELECT sum(hits) AS n FROM cache_by_1h'))[0]!.n);

describe('Retention', () => {
  it('drops nothing that is young enough', async () => {
    const before = await held();
    await retainAfter(2);
    expect(await held()).toEqual(before);
  }, 60_000);

  it('drops raw events after 72 hours and 10 s buckets after a week, and coarser answers stay', async () => {
    const before = await held();
    const hits = await hitsByHour();
    await retainAfter(5);
    expect(await held()).toEqual({ ...before, cache_windows: 0 });
    expect(await hitsByHour()).toBe(hits);
    await retainAfter(9);
    expect(await held()).toEqual({ ...before, cache_windows: 0, cache_10s: 0, marks: 0 });
    expect(await hitsByHour()).toBe(hits);
  }, 60_000);

  it('keeps a day in which a bucket waits for its recount', async () => {
    await tests.clickhouse.command(
      `INSERT INTO marks SELECT * REPLACE ('again' AS touch, 0 AS consumed) FROM marks FINAL WHERE level = '10s' ORDER BY bucket_end LIMIT 1`,
    );
    const before = await held();
    await retainAfter(5);
    expect(await held()).toEqual(before);
  }, 60_000);
});
