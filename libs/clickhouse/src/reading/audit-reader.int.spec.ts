import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { startTestEngine, type TestEngine } from '#libs/clickhouse/testing';
import { DAY_MS, SystemClock } from '#libs/time';
import { ClickHouse } from '../clickhouse.js';
import { migrate } from '../migrate.js';
import { AuditReader } from './audit-reader.js';
import { ClickHouseRowReader } from './clickhouse-row-reader.js';
import { RowReader } from './row-reader.js';

const clock = new SystemClock();
const PARTITIONS = [0, 1, 2, 3];
const SCOPES = ['rollups', 'rollups/1h', ...PARTITIONS.flatMap((n) => [`log/${n}`, `raw/${n}`])];
const ROUND_MS = 10_000;
const unknown = {
  checked: null,
  lost: null,
  duplicated: null,
  checkedAt: null,
  checkedThrough: null,
  minutesThrough: null,
  hoursThrough: null,
  lastFullCheckAt: null,
};

describe('AuditReader on a real engine', () => {
  let engine: TestEngine;
  let clickhouse: ClickHouse;
  let now: number;

  /** Asks as the reader does, and counts the rows that the engine reads of the audit for it. */
  class CountingReader extends RowReader {
    rowsRead = 0;
    readonly #reader = new ClickHouseRowReader(clickhouse);
    override async rows<Row>(sql: string, parameters: Readonly<Record<string, unknown>> = {}): Promise<Row[]> {
      if (sql.includes('FROM audit')) {
        const url = new URL(engine.url);
        url.searchParams.set('database', clickhouse.database);
        for (const [name, value] of Object.entries(parameters)) url.searchParams.set(`param_${name}`, String(value));
        const response = await fetch(url, {
          method: 'POST',
          body: `${sql} FORMAT JSON`,
          headers: { 'X-ClickHouse-User': engine.username, 'X-ClickHouse-Key': engine.password },
        });
        const { statistics } = (await response.json()) as { statistics: { rows_read: number } };
        this.rowsRead += statistics.rows_read;
      }
      return this.#reader.rows<Row>(sql, parameters);
    }
  }

  const insert = (select: string) =>
    clickhouse.command(`INSERT INTO audit (time, scope, checked_through, full, checked, lost, duplicated) ${select}`);
  const moment = (ms: number | string) => `fromUnixTimestamp64Milli(toInt64(${ms}), 'UTC')`;
  /** A round of every scope, `ago` ms before now. */
  const round = (ago: number, { lost = 0, checked = 5, full = 0 } = {}) =>
    insert(
      `SELECT ${moment(now - ago)}, scope, ${moment(now - ago)}, ${full}, ${checked}, ${lost}, 0
      FROM (SELECT arrayJoin([${SCOPES.map((scope) => `'${scope}'`).join(', ')}]) AS scope)`,
    );
  /** Rounds of two days up to some time ago; the oldest of them were through with everything. */
  const twoDaysUpTo = (ago: number) =>
    insert(
      `SELECT ${moment(`${now - ago} - number * ${ROUND_MS}`)}, scope, ${moment(now - ago)}, number > 17000, 5, 0, 0
      FROM numbers(${(2 * DAY_MS) / ROUND_MS}) AS n, (SELECT arrayJoin([${SCOPES.map((scope) => `'${scope}'`).join(', ')}]) AS scope) AS s`,
    );

  beforeAll(async () => {
    engine = await startTestEngine();
    clickhouse = new ClickHouse(engine);
    await migrate(clickhouse, clock);
  }, 60_000);

  beforeEach(async () => {
    now = Math.floor(clock.now());
    await clickhouse.command('TRUNCATE TABLE audit');
  });

  afterAll(async () => {
    await clickhouse?.close();
    await engine?.stop();
  });

  it('reads what is new at each look, however much two days have left', async () => {
    await twoDaysUpTo(600_000);
    await round(30_000);
    const counting = new CountingReader();
    const reader = new AuditReader(counting);
    const first = await reader.read(now, PARTITIONS);
    expect(first).toMatchObject({ checked: 50, lost: 0, duplicated: 0, checkedAt: now - 30_000 });
    // Older than any ordinary look goes back.
    expect(first.lastFullCheckAt).toBeLessThan(now - DAY_MS);
    expect(counting.rowsRead).toBeGreaterThan(170_000);

    // What merges come to in the end: all in one part, with what is new in it.
    await clickhouse.command('OPTIMIZE TABLE audit FINAL');
    counting.rowsRead = 0;
    for (let look = 1; look <= 10; look++) {
      await round(20_000 - look, { lost: look });
      expect(await reader.read(now + look, PARTITIONS)).toMatchObject({
        lost: look * SCOPES.length,
        checkedAt: now - 20_000 + look,
        lastFullCheckAt: first.lastFullCheckAt,
      });
    }
    // A block of the index at most, beside the parts of the last rounds.
    expect(counting.rowsRead / 10).toBeLessThan(10_000);
  }, 60_000);

  it('says the same as one that has just begun to look, at any time', async () => {
    await twoDaysUpTo(600_000);
    const steady = new AuditReader(new ClickHouseRowReader(clickhouse));
    for (let look = 0; look < 20; look++) {
      const at = now + look * 60_000;
      // Some looks find nothing new, some a row that was written late, or a full check, or a scope that fell silent.
      if (look % 3 === 0) await round(-look * 60_000 + 5_000, { lost: look % 2, full: look % 6 === 0 ? 1 : 0 });
      if (look % 5 === 0)
        await insert(`SELECT ${moment(at - 100_000)}, 'raw/1', ${moment(at - 100_000)}, 1, 5, ${look}, 0`);
      const fresh = new AuditReader(new ClickHouseRowReader(clickhouse));
      expect([look, await steady.read(at, PARTITIONS)]).toEqual([look, await fresh.read(at, PARTITIONS)]);
    }
  }, 60_000);

  it('sees within minutes what an aggregator writes whose clock is behind', async () => {
    await round(10 * 60_000);
    const reader = new AuditReader(new ClickHouseRowReader(clickhouse));
    expect(await reader.read(now, PARTITIONS)).toMatchObject({ lost: 0 });
    await round(9 * 60_000, { lost: 1 });
    expect(await reader.read(now + 4 * 60_000, PARTITIONS)).toMatchObject({ lost: SCOPES.length });
  });

  it('tells the 1 h buckets apart, and does not go back when a restart begins anew', async () => {
    const through = (ago: number, hours: number, others: number) =>
      insert(
        `SELECT ${moment(now - ago)}, scope, if(scope = 'rollups/1h', ${moment(now - hours)}, ${moment(now - others)}), 0, 5, 0, 0
        FROM (SELECT arrayJoin([${SCOPES.map((scope) => `'${scope}'`).join(', ')}]) AS scope)`,
      );
    const steady = new AuditReader(new ClickHouseRowReader(clickhouse));
    await through(20_000, 1_800_000, 60_000);
    const reached = { minutesThrough: now - 60_000, hoursThrough: now - 1_800_000 };
    expect(await steady.read(now, PARTITIONS)).toMatchObject({ ...reached, checkedThrough: now - 1_800_000 });
    // The new owner has begun with the day's first hour; a clock that was wrong has reached nothing.
    await through(10_000, 80_000_000, 70_000_000);
    await insert(`SELECT ${moment(now - 9_000)}, 'rollups/1h', ${moment(now + 9_000_000)}, 0, 5, 0, 0`);
    await insert(`SELECT ${moment(now - 8_000)}, 'rollups/1h', ${moment(now - 80_000_000)}, 0, 5, 0, 0`);
    const after = { ...reached, checkedThrough: now - 80_000_000 };
    expect(await steady.read(now, PARTITIONS)).toMatchObject(after);
    expect(await new AuditReader(new ClickHouseRowReader(clickhouse)).read(now, PARTITIONS)).toMatchObject(after);
  });

  it('knows nothing before there are rows, nor while a scope has not looked at anything', async () => {
    const reader = new AuditReader(new ClickHouseRowReader(clickhouse));
    expect(await reader.read(now, PARTITIONS)).toEqual(unknown);
    // They were there, and had not come to anything yet.
    await round(2_000, { checked: 0 });
    expect(await reader.read(now, PARTITIONS)).toEqual({ ...unknown, checkedAt: now - 2_000 });
    await round(1_000, { checked: 0, full: 1 });
    expect(await reader.read(now, PARTITIONS)).toEqual({
      checked: 0,
      lost: 0,
      duplicated: 0,
      checkedAt: now - 1_000,
      checkedThrough: now - 1_000,
      minutesThrough: now - 1_000,
      hoursThrough: now - 1_000,
      lastFullCheckAt: now - 1_000,
    });
  });
});
