import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { EVENT_KINDS, EVENT_TABLES, type Event, type EventTable, type RowContext } from '#libs/contracts';
import { anyEvent } from '#libs/contracts/testing';
import { SystemClock } from '#libs/time';
import { startTestEngine, type TestEngine } from '#libs/clickhouse/testing';
import { ClickHouse } from './clickhouse.js';
import { checkSchema, migrate, readMigrations } from './migrate.js';
import { ClickHouseRowReader } from './reading/clickhouse-row-reader.js';
import { ROLLUP, rollupColumns, ROLLUPS, rollupTable } from './recount/rollups.js';
import { viewName, VIEWS_REVISION } from './recount/views.js';
import { ByteWriter } from './rows/byte-writer.js';
import { RowEncoder } from './rows/row-encoder.js';

const clock = new SystemClock();
let engine: TestEngine;
let clickhouse: ClickHouse;

beforeAll(async () => {
  engine = await startTestEngine();
  clickhouse = new ClickHouse(engine);
  await Promise.all([migrate(clickhouse, clock), migrate(new ClickHouse(engine), clock)]);
}, 60_000);

afterAll(async () => {
  await clickhouse?.close();
  await engine?.stop();
});

const access = (database: string) => {
  const { url, username, password } = engine;
  return { url, username, password, database };
};
const aDatabase = (database: string) => new ClickHouse(access(database));
const columnsOf = (table: string) =>
  clickhouse.query<{ name: string; type: string }>(
    'SELECT name, type FROM system.columns WHERE database = {database:String} AND table = {table:String} ORDER BY position',
    {
      database: clickhouse.database,
      table,
    },
  );

describe('The schema', () => {
  it.each(EVENT_KINDS)('has the columns of contracts for %s', async (kind) => {
    const { table, columns } = EVENT_TABLES[kind] as EventTable;
    expect(await columnsOf(table)).toEqual(columns.map(({ name, type }) => ({ name, type })));
  });

  it.each(ROLLUPS.flatMap((name) => (['10s', '1m', '1h'] as const).map((level) => [name, level] as const)))(
    'has the columns that a recount of %s_%s writes',
    async (name, level) => {
      expect((await columnsOf(rollupTable(name, level))).map((column) => column.name)).toEqual(
        rollupColumns(ROLLUP[name]),
      );
      await clickhouse.query(`SELECT * FROM ${viewName(name, level)} LIMIT 1`);
    },
  );

  it('is applied once, and again changes nothing', async () => {
    expect(await migrate(clickhouse, clock)).toEqual({ applied: [] });
    const [ledger] = await clickhouse.query<{ n: string | number }>('SELECT count() AS n FROM migrations FINAL');
    expect(Number(ledger?.n)).toBe((await readMigrations()).length);
  });

  it('refuses a database that a newer version has made', async () => {
    const all = await readMigrations();
    await expect(migrate(clickhouse, clock, all.slice(0, -1))).rejects.toMatchObject({ code: 'SCHEMA_NEWER' });
  });

  it('refuses a migration whose text has changed', async () => {
    const [first, ...rest] = await readMigrations();
    await expect(migrate(clickhouse, clock, [{ ...first!, checksum: 'other' }, ...rest])).rejects.toMatchObject({
      code: 'SCHEMA_CHANGED',
    });
  });

  it('can be told from an older one and a newer one by who only reads', async () => {
    const all = await readMigrations();
    const reader = new ClickHouseRowReader(clickhouse);
    expect(await checkSchema(reader)).toContain('of this version');
    await expect(checkSchema(reader, all.slice(0, -1))).rejects.toMatchObject({ code: 'SCHEMA_NEWER' });
    const more = { number: all.length + 1, name: 'more', checksum: 'x', statements: [] };
    await expect(checkSchema(reader, [...all, more])).rejects.toMatchObject({ code: 'SCHEMA_OLDER', retriable: true });
    const empty = aDatabase('not_there_yet');
    await expect(checkSchema(new ClickHouseRowReader(empty))).rejects.toMatchObject({ code: 'SCHEMA_OLDER' });
    await empty.close();
  });

  it('is not taken for an older one when it refuses for another reason', async () => {
    class Refused extends ClickHouseRowReader {
      override rows<Row>(): Promise<Row[]> {
        return super.rows("SELECT throwIf(1, 'not allowed')");
      }
    }
    await expect(checkSchema(new Refused(clickhouse))).rejects.toMatchObject({ code: 'CLICKHOUSE_REFUSED' });
  });

  it('is brought up from an older version by several at once', async () => {
    const all = await readMigrations();
    const older = aDatabase('older');
    await older.createDatabase();
    await older.command(
      'CREATE TABLE migrations (number UInt32, name String, checksum String, applied_at DateTime64(3)) ENGINE = ReplacingMergeTree ORDER BY number',
    );
    for (const { number, name, checksum, statements } of all.slice(0, 5)) {
      for (const statement of statements) await older.command(statement);
      await older.command(`INSERT INTO migrations VALUES (${number}, '${name}', '${checksum}', 0)`);
    }
    await older.command("INSERT INTO meta (name, value, revision) VALUES ('kept', 'yes', 1)");
    await older.command("INSERT INTO cache_windows (cache, hits, bucket_end) VALUES ('covers', 7, 10)");
    await older.command("INSERT INTO cache_10s (cache, hits, bucket_end) VALUES ('covers', 7, 10)");
    const statements = [
      'ALTER TABLE meta ADD COLUMN IF NOT EXISTS note String',
      'CREATE TABLE IF NOT EXISTS notes (note String) ENGINE = ReplacingMergeTree ORDER BY note',
    ];
    const next = [...all, { number: all.length + 1, name: 'notes', checksum: 'x', statements }];
    const instances = Array.from({ length: 6 }, () => aDatabase('older'));
    await Promise.all(instances.map((one) => migrate(one, clock, next)));
    expect(await older.query("SELECT value, note FROM meta FINAL WHERE name = 'kept'")).toEqual([
      { value: 'yes', note: '' },
    ]);
    expect(await older.query('SELECT number FROM migrations FINAL ORDER BY number')).toEqual(
      next.map(({ number }) => ({ number })),
    );
    for (const table of ['cache_windows', 'cache_10s'])
      expect(await older.query(`SELECT hits, ghost_hits, age_at_hit_bins FROM ${table} FINAL`)).toEqual([
        { hits: 7, ghost_hits: 0, age_at_hit_bins: {} },
      ]);
    expect(await migrate(older, clock, next)).toEqual({ applied: [] });
    await Promise.all([older, ...instances].map((one) => one.close()));
  }, 60_000);

  it('keeps the views of a newer version, and replaces those of an older one', async () => {
    const database = aDatabase('views');
    await migrate(database, clock);
    const stub = () => database.command('CREATE OR REPLACE VIEW cache AS SELECT 42 AS answer');
    const columns = () => database.query<{ name: string }>('DESCRIBE TABLE cache');
    await migrate(database, clock, undefined, VIEWS_REVISION + 1);
    await stub();
    await migrate(database, clock);
    expect((await columns()).map(({ name }) => name)).toEqual(['answer']);
    await migrate(database, clock, undefined, VIEWS_REVISION + 2);
    expect((await columns()).map(({ name }) => name)).toContain('hits');
    await database.close();
  }, 60_000);

  it('says so when a newer version has made its views meanwhile', async () => {
    class Overtaken extends ClickHouse {
      override async command(sql: string, signal?: AbortSignal): Promise<void> {
        if (sql.includes(' VIEW '))
          await super.command(`INSERT INTO meta (name, value, revision) VALUES ('views', 'x', ${VIEWS_REVISION + 1})`);
        await super.command(sql, signal);
      }
    }
    const database = new Overtaken(access('overtaken'));
    await expect(migrate(database, clock)).rejects.toMatchObject({
      code: 'SCHEMA_NEWER',
      message: expect.stringContaining('Start an aggregator of the newer version again'),
    });
    await database.close();
  }, 60_000);

  it('runs with the settings that exactness rests on', async () => {
    await expect(clickhouse.checkSettings()).resolves.toBeUndefined();
  });
});

describe('Rows', () => {
  it('come back as they were written, whatever the event', async () => {
    let sequence = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(anyEvent(), { minLength: 1, maxLength: 40 }), async (events) => {
        sequence++;
        for (const kind of EVENT_KINDS) {
          const mine = events.filter((event) => event.kind === kind);
          if (mine.length === 0) continue;
          const table = EVENT_TABLES[kind] as unknown as EventTable;
          await insert(table, mine, sequence);
          await compare(table, mine, sequence);
        }
      }),
      { numRuns: 25 },
    );
  }, 60_000);
});

const emitter = { service: 'rows', instance: '0190cafe-0000-4000-8000-0123456789ab', version: '1' };
const contextOf = (sequence: number, index: number): RowContext => ({ emitter, sequence, index });

async function insert(table: EventTable, events: readonly Event[], sequence: number): Promise<void> {
  const encoder = new RowEncoder<Event>(table.columns as never);
  const out = new ByteWriter(16);
  events.forEach((event, index) => encoder.write(out, event, contextOf(sequence, index)));
  await clickhouse.insertBytes(table.table, encoder.columnList, out.bytes());
}

async function compare(table: EventTable, events: readonly Event[], sequence: number): Promise<void> {
  const read = table.columns.map(
    ({ name, type }) =>
      `${type === "DateTime('UTC')" ? `toUnixTimestamp(${name})` : type.startsWith('DateTime64') ? `toUnixTimestamp64Milli(${name})` : type === 'Float64' ? `reinterpretAsUInt64(${name})` : name} AS ${name}_`,
  );
  const rows = await clickhouse.query<Record<string, unknown>>(
    `SELECT ${read.join(', ')} FROM ${table.table} FINAL WHERE sequence = {sequence:UInt64} AND instance = {instance:UUID} ORDER BY idx SETTINGS output_format_json_quote_64bit_integers = 1`,
    { sequence, instance: emitter.instance },
  );
  expect(rows.length).toBe(events.length);
  rows.forEach((row, index) => {
    for (const { name, type, value } of table.columns)
      expect([name, normal(row[`${name}_`], type)]).toEqual([
        name,
        normal(value(events[index] as never, contextOf(sequence, index)), type),
      ]);
  });
}

/** One shape for what went in and what came out: numbers as text, maps as sorted pairs. */
function normal(value: unknown, type: string): unknown {
  if (value === null) return null;
  if (type === 'Float64')
    return typeof value === 'number'
      ? new BigUint64Array(new Float64Array([value]).buffer)[0]!.toString()
      : String(value);
  if (type.startsWith('Map')) {
    const pairs = Array.isArray(value)
      ? Array.from({ length: value.length / 2 }, (_, i) => [String(value[2 * i]), String(value[2 * i + 1])])
      : Object.entries(value as object).map(([k, v]) => [k, String(v)]);
    return pairs.map((pair) => pair.join('=')).sort();
  }
  return String(value);
}
