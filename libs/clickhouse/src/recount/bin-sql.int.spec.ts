import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestEngine, type TestEngine } from '#libs/clickhouse/testing';
import { BINS_PER_DOUBLING, binIndex } from '#libs/histogram';
import { SystemClock } from '#libs/time';
import { ClickHouse } from '../clickhouse.js';
import { migrate } from '../migrate.js';
import { binSql } from './bin-sql.js';

let engine: TestEngine;
let clickhouse: ClickHouse;
beforeAll(async () => {
  engine = await startTestEngine();
  clickhouse = new ClickHouse(engine);
  await migrate(clickhouse, new SystemClock());
}, 60_000);
afterAll(async () => {
  await clickhouse.close();
  await engine.stop();
});

describe('The bin of a duration in SQL', () => {
  it('is that of libs/histogram for every whole number next to a bound', async () => {
    const values = new Set<number>();
    for (let j = 0; j <= 53 * BINS_PER_DOUBLING; j++)
      for (const off of [-1, 0, 1]) {
        const value = Math.floor(2 ** (j / BINS_PER_DOUBLING)) + off;
        if (value > 0 && value <= Number.MAX_SAFE_INTEGER) values.add(value);
      }
    const rows = await clickhouse.query<{ value: string; bin: number }>(
      `SELECT toString(v.n) AS value, ${binSql('v.n')} AS bin
       FROM (SELECT arrayJoin([${[...values].map((value) => `toUInt64(${value})`).join(', ')}]) AS n) AS v`,
    );
    expect(rows).toHaveLength(values.size);
    expect(rows.filter(({ value, bin }) => bin !== binIndex(Number(value)))).toEqual([]);
  }, 60_000);

  it('is not there for a duration that is not there', async () => {
    const [row] = await clickhouse.query(
      `SELECT ${binSql('v.n')} AS bin FROM (SELECT CAST(NULL AS Nullable(UInt64)) AS n) AS v`,
    );
    expect(row).toEqual({ bin: null });
  });
});
