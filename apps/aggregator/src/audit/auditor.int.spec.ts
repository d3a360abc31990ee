import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { makeTraffic, untilCounted } from '#test/support';
import { TestAggregation, type RunningAggregator } from '../testing/test-aggregation.js';

let tests: TestAggregation;
let running: RunningAggregator;

beforeEach(async () => {
  tests = await TestAggregation.start();
  const { batches } = makeTraffic({ seed: 11, batches: 30, startMs: tests.clock.now() - 7_200_000, spanMs: 3_900_000 });
  await tests.append(batches);
  running = await tests.aggregate();
  await untilCounted(tests.log, tests.clickhouse, tests.clock);
}, 180_000);

afterEach(async () => {
  await tests.stop();
});

/** The newest finding of each scope, added up. */
async function audited(): Promise<{ checked: number; lost: number; duplicated: number }> {
  // A round ends when its time is spent, which on a busy machine is before it has looked at everything.
  let full = false;
  while (!full) {
    await running.aggregator.audit();
    const [least] = await tests.clickhouse.query<{ f: string | number | null }>(
      'SELECT min(s.f) AS f FROM (SELECT max(full) AS f FROM audit GROUP BY scope) AS s',
    );
    full = Number(least?.f) === 1;
  }
  const rows = await tests.clickhouse.query<{
    scope: string;
    c: string | number;
    l: string | number;
    d: string | number;
  }>(
    'SELECT scope, argMax(checked, time) AS c, argMax(lost, time) AS l, argMax(duplicated, time) AS d FROM audit GROUP BY scope',
  );
  const sum = (of: (row: (typeof rows)[number]) => string | number) =>
    rows.reduce((all, row) => all + Number(of(row)), 0);
  return { checked: sum(({ c }) => c), lost: sum(({ l }) => l), duplicated: sum(({ d }) => d) };
}

describe('The audit', () => {
  it('finds nothing wrong where nothing is', async () => {
    const found = await audited();
    expect(found).toMatchObject({ lost: 0, duplicated: 0 });
    expect(found.checked).toBeGreaterThan(2 * 3_000);
  }, 180_000);

  it('rises when a raw row is removed by hand', async () => {
    await tests.clickhouse.command(
      'ALTER TABLE load_events DELETE WHERE (instance, sequence, idx) IN (SELECT instance, sequence, idx FROM load_events LIMIT 3) SETTINGS mutations_sync = 1',
    );
    expect((await audited()).lost).toBeGreaterThanOrEqual(3);
  }, 180_000);

  it('rises when a row is added by hand', async () => {
    await tests.clickhouse.command(
      'INSERT INTO load_events SELECT * REPLACE (idx + 1000000 AS idx) FROM load_events FINAL LIMIT 2',
    );
    const found = await audited();
    expect(found.duplicated).toBeGreaterThanOrEqual(2);
  }, 180_000);

  it('rises when a batch is forgotten', async () => {
    await tests.clickhouse.command('ALTER TABLE batches DELETE WHERE sequence = 0 SETTINGS mutations_sync = 1');
    expect((await audited()).lost).toBeGreaterThan(0);
  }, 180_000);

  it('rises when a rollup is wrong, at every level', async () => {
    for (const level of ['10s', '1m', '1h'])
      await tests.clickhouse.command(
        `INSERT INTO cache_${level} SELECT * REPLACE (version + 7 AS version) FROM cache_${level} FINAL ORDER BY bucket_end LIMIT 1`,
      );
    expect((await audited()).duplicated).toBeGreaterThanOrEqual(7);
  }, 180_000);
});
