import {
  AUDIT_AHEAD_MS,
  BELOW,
  ROLLUP,
  ROLLUPS,
  rollupTable,
  type ClickHouse,
  type RollupName,
} from '#libs/clickhouse';
import { EVENT_KINDS, EVENT_TABLES, type Column, type Level } from '#libs/contracts';
import { HOUR_MS, MINUTE_MS } from '#libs/time';
import { sumOf, type Chunk, type Finding } from './findings.js';
import type { Letters } from './log-check.js';

export interface AuditRow {
  readonly time: number;
  readonly scope: string;
  readonly checkedFrom: number;
  readonly checkedThrough: number;
  readonly full: boolean;
  readonly finding: Finding;
  readonly openGaps: number;
  readonly detail: string;
}

/** The ends of the first and the last bucket of a day, ms since 1970. */
export interface BucketSpan {
  readonly firstMs: number;
  readonly lastMs: number;
}

/** Days after which no Date of ClickHouse goes. */
const LAST_DAY = 65_535;

/** Tables that are partitioned by the day of their buckets and that the rollups' audit compares. */
const BUCKET_TABLES = ROLLUPS.flatMap((name) => [ROLLUP[name].rawTable, rollupTable(name, '10s')]);

/** The audit's questions to ClickHouse. Each compares two counts of the same events by identity or by bucket. */
export class AuditStore {
  /** @param latenessMs how late an event may come. A batch missing for longer will not come: its emitter says it dropped it. */
  constructor(
    private readonly clickhouse: ClickHouse,
    private readonly latenessMs: number,
  ) {}

  /** Starts of the days in which batches were accepted, ascending, ms since 1970. From the names of parts: cheap. */
  async acceptedDays(): Promise<number[]> {
    const rows = await this.clickhouse.query<{ partition: string }>(
      `SELECT DISTINCT partition FROM system.parts WHERE active AND database = {database:String} AND table = 'batches' ORDER BY partition`,
      { database: this.clickhouse.database },
    );
    return rows.map(({ partition }) => Date.parse(`${partition}T00:00:00Z`)).filter(Number.isFinite);
  }

  /** Between which ends raw events or 10 s buckets stand, day by day. From what parts say of themselves: cheap. */
  async bucketSpans(): Promise<BucketSpan[]> {
    const rows = await this.clickhouse.query<{ first: number; last: number }>(
      `SELECT toUnixTimestamp(min(min_time)) AS first, toUnixTimestamp(max(max_time)) AS last FROM system.parts
       WHERE active AND rows > 0 AND database = {database:String} AND table IN (${listOf(BUCKET_TABLES)}) GROUP BY partition ORDER BY first`,
      { database: this.clickhouse.database },
    );
    return rows.map(({ first, last }) => ({ firstMs: first * 1_000, lastMs: last * 1_000 }));
  }

  /** Minutes of whole days in which batches of a partition were accepted whose events are all still kept raw. */
  acceptedMinutes(partition: number, fromMs: number, toMs: number, rawFromMs: number): Promise<Chunk[]> {
    return this.#chunks(
      `SELECT toUnixTimestamp(toStartOfMinute(accepted_at)) AS start, count() AS held FROM batches
       WHERE accepted_day >= toDate({from:DateTime('UTC')}) AND accepted_day < toDate({to:DateTime('UTC')})
         AND partition = {partition:UInt32} AND events > 0 AND earliest_bucket > {raw:DateTime('UTC')}
       GROUP BY start ORDER BY start`,
      { partition, from: textOf(fromMs), to: textOf(toMs), raw: textOf(rawFromMs) },
    );
  }

  /** Raw rows against what `batches` says was inserted, by identity, for batches accepted in one minute. */
  rawRows(partition: number, minute: number, rawFromMs: number): Promise<Finding> {
    const identities = `SELECT instance, sequence FROM batches FINAL WHERE partition = {partition:UInt32} AND accepted_day = toDate({from:DateTime64(3, 'UTC')})
      AND accepted_at >= {from:DateTime64(3, 'UTC')} AND accepted_at < {to:DateTime64(3, 'UTC')} AND events > 0`;
    const counts = EVENT_KINDS.map(
      (
        kind,
      ) => `SELECT instance, sequence, toInt64(0) AS expected, toInt64(count()) AS found, toDateTime(4294967295, 'UTC') AS oldest FROM ${EVENT_TABLES[kind].table} FINAL
        WHERE bucket_end >= spanned.1 AND bucket_end <= spanned.2 AND (instance, sequence) IN (${identities}) GROUP BY instance, sequence`,
    );
    return this.#compare(
      // All that is known of these identities counts, also what was added to them later.
      `WITH (SELECT tuple(min(earliest_bucket), max(latest_bucket)) FROM batches FINAL WHERE (instance, sequence) IN (${identities}) AND events > 0) AS spanned
       SELECT sum(e) AS checked, sum(greatest(e - f, 0)) AS lost, sum(greatest(f - e, 0)) AS duplicated FROM (
         SELECT instance, sequence, sum(expected) AS e, sum(found) AS f FROM (
           SELECT instance, sequence, toInt64(sum(events)) AS expected, toInt64(0) AS found, min(earliest_bucket) AS oldest FROM batches FINAL
           WHERE (instance, sequence) IN (${identities}) AND events > 0 GROUP BY instance, sequence
           UNION ALL ${counts.join(' UNION ALL ')}
         ) GROUP BY instance, sequence HAVING min(oldest) > {raw:DateTime('UTC')})`,
      { partition, raw: textOf(rawFromMs), ...between(minute, MINUTE_MS) },
    );
  }

  /**
   * Minutes that have raw events or buckets of 10 s or 1 min, of any rollup. Their size is the number of raw rows: the
   * rollups' own rows come and go as they merge. Marks have no say in it: who lost them must not hide a minute.
   */
  bucketMinutes(fromMs: number, toMs: number): Promise<Chunk[]> {
    return this.#chunks(
      chunksOf(
        MINUTE_MS,
        ROLLUPS.flatMap((name) => [
          [ROLLUP[name].rawTable, 'count()'],
          [rollupTable(name, '10s'), '0'],
          [rollupTable(name, '1m'), '0'],
        ]),
      ),
      { from: textOf(fromMs), to: textOf(toMs) },
    );
  }

  /** Hours that have buckets of 1 min or 1 h, of any rollup. They are over when they are asked for: their size says nothing. */
  bucketHours(fromMs: number, toMs: number): Promise<Chunk[]> {
    return this.#chunks(
      chunksOf(
        HOUR_MS,
        ROLLUPS.flatMap((name) => [
          [rollupTable(name, '1m'), '0'],
          [rollupTable(name, '1h'), '0'],
        ]),
      ),
      { from: textOf(fromMs), to: textOf(toMs) },
    );
  }

  /** 10 s buckets against raw events, and the 1 min bucket against its 10 s ones, for one minute. */
  minuteBuckets(minute: number): Promise<Finding> {
    return this.#buckets(['10s', '1m'], minute, MINUTE_MS);
  }

  /** The 1 h bucket against its 1 min ones. */
  hourBuckets(hour: number): Promise<Finding> {
    return this.#buckets(['1h'], hour, HOUR_MS);
  }

  /**
   * Batches between others of their emitter that have not come, over what was accepted within the lateness allowed: what
   * is missing longer was dropped by the emitter, which announces it.
   */
  async openGaps(nowMs: number): Promise<number> {
    const [row] = await this.clickhouse.query<{ gaps: string | number }>(
      `SELECT sum(last - first + 1 - seen) AS gaps FROM (
         SELECT min(sequence) AS first, max(sequence) AS last, uniqExact(sequence) AS seen FROM batches
         WHERE accepted_day >= toDate({from:DateTime('UTC')}) AND accepted_at > {from:DateTime('UTC')} GROUP BY instance)`,
      { from: textOf(nowMs - this.latenessMs) },
    );
    return Number(row?.gaps ?? 0);
  }

  /** What the dead letters say of a range of offsets whose records were accepted or appended on certain days since 1970. */
  async lettersOf(
    partition: number,
    from: number,
    to: number,
    days: ReadonlySet<number>,
  ): Promise<Map<bigint, Letters>> {
    const list = [...days].filter((day) => day >= 0 && day <= LAST_DAY).map((day) => `toDate(${day})`);
    if (list.length === 0) return new Map();
    const rows = await this.clickhouse.query<{
      place: string;
      poison: number;
      conflict: number;
      late: string | number;
    }>(
      `SELECT toString(d.offset) AS place, max(d.cause = 'poison') AS poison, max(d.cause = 'conflict') AS conflict,
         countIf(d.cause = 'too_late') AS late
       FROM dead_letters AS d FINAL
       WHERE d.accepted_day IN (${list.join(', ')}) AND d.partition = {partition:UInt32}
         AND d.offset >= {from:UInt64} AND d.offset < {to:UInt64}
       GROUP BY place`,
      { partition, from, to },
    );
    return new Map(
      rows.map(({ place, poison, conflict, late }) => [
        BigInt(place),
        { poison: poison === 1, conflict: conflict === 1, tooLate: Number(late) },
      ]),
    );
  }

  /** What the last row of a scope says, whoever wrote it. Rows of a clock that was far ahead are none. */
  async lastFinding(scope: string, nowMs: number): Promise<Finding | undefined> {
    const [row] = await this.clickhouse.query<Record<keyof Finding, string | number>>(
      `SELECT checked, lost, duplicated, conflicts FROM audit
       WHERE scope = {scope:String} AND time <= fromUnixTimestamp64Milli({until:Int64}, 'UTC')
       ORDER BY scope DESC, time DESC LIMIT 1`,
      { scope, until: nowMs + AUDIT_AHEAD_MS },
    );
    return (
      row && {
        checked: Number(row.checked),
        lost: Number(row.lost),
        duplicated: Number(row.duplicated),
        conflicts: Number(row.conflicts),
      }
    );
  }

  write(rows: readonly AuditRow[]): Promise<void> {
    return this.clickhouse.insertRows('audit', AUDIT_COLUMNS, rows);
  }

  /** The buckets of these levels that end within a span, of all rollups, each against the level below. */
  async #buckets(levels: readonly Level[], start: number, spanMs: number): Promise<Finding> {
    return sumOf(
      await Promise.all(ROLLUPS.flatMap((rollup) => levels.map((level) => this.#level(rollup, level, start, spanMs)))),
    );
  }

  /** Buckets with an open mark are about to be recounted: they are left out. */
  #level(rollup: RollupName, level: Level, start: number, spanMs: number): Promise<Finding> {
    const { rawTable, subject } = ROLLUP[rollup];
    const finer = BELOW[level];
    // Raw rows name the 10 s bucket they are in; a level above that has one bucket in the span, which holds all below it.
    const [table, bucket, version] =
      finer === undefined
        ? [rawTable, 'bucket_end', 'row_version']
        : [rollupTable(rollup, finer), lastOf(start, spanMs), 'version'];
    const range = `bucket_end > {from:DateTime('UTC')} AND bucket_end <= {to:DateTime('UTC')}`;
    const of = (from: string, columns: string) =>
      `SELECT service, ${subject} AS subject, ${columns} FROM ${from} FINAL WHERE ${range} GROUP BY service, subject, bucket`;
    return this.#compare(
      `SELECT sum(b) AS checked, sum(greatest(b - a, 0)) AS lost, sum(greatest(a - b, 0)) AS duplicated FROM (
         SELECT service, subject, bucket, sum(below) AS b, sum(above) AS a FROM (
           ${of(table, `${bucket} AS bucket, toInt64(sum(${version})) AS below, toInt64(0) AS above`)}
           UNION ALL
           ${of(rollupTable(rollup, level), 'bucket_end AS bucket, toInt64(0) AS below, toInt64(sum(version)) AS above')}
         ) GROUP BY service, subject, bucket)
       WHERE (service, subject, bucket) NOT IN (
         SELECT service, subject, bucket_end FROM marks FINAL WHERE level = '${level}' AND rollup = '${rollup}' AND consumed = 0 AND ${range})`,
      between(start, spanMs),
    );
  }

  async #chunks(sql: string, parameters: Readonly<Record<string, unknown>>): Promise<Chunk[]> {
    const rows = await this.clickhouse.query<{ start: string | number; held: string | number }>(sql, parameters);
    return rows.map(({ start, held }) => ({ at: Number(start) * 1_000, size: Number(held) }));
  }

  async #compare(sql: string, parameters: Readonly<Record<string, unknown>>): Promise<Finding> {
    const [row] = await this.clickhouse.query<Record<'checked' | 'lost' | 'duplicated', string | number>>(
      sql,
      parameters,
    );
    return {
      checked: Number(row?.checked ?? 0),
      lost: Number(row?.lost ?? 0),
      duplicated: Number(row?.duplicated ?? 0),
      conflicts: 0,
    };
  }
}

/** Starts of the chunks of a width in which tables have buckets, with the sum of what counts as their size. */
function chunksOf(widthMs: number, tables: readonly (readonly string[])[]): string {
  const width = widthMs / 1_000;
  const selects = tables.map(
    ([table, size]) =>
      `SELECT intDiv(toUnixTimestamp(bucket_end) - 1, ${width}) * ${width} AS start, toUInt64(${size}) AS held FROM ${table}
       WHERE bucket_end > {from:DateTime('UTC')} AND bucket_end <= {to:DateTime('UTC')} GROUP BY start`,
  );
  return `SELECT start, sum(held) AS held FROM (${selects.join(' UNION ALL ')}) GROUP BY start ORDER BY start`;
}

function listOf(names: readonly string[]): string {
  return names.map((name) => `'${name}'`).join(', ');
}

function between(start: number, stepMs: number): { from: string; to: string } {
  return { from: textOf(start), to: textOf(start + stepMs) };
}

/** A moment in whole seconds as a bound parameter: the engine reads small numbers as no time at all. */
function textOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 19).replace('T', ' ');
}

/** The end of the one coarser bucket that a chunk is. */
function lastOf(start: number, stepMs: number): string {
  return `toDateTime(${(start + stepMs) / 1_000}, 'UTC')`;
}

const AUDIT_COLUMNS: readonly Column<AuditRow>[] = [
  { name: 'time', type: "DateTime64(3, 'UTC')", value: (row) => row.time },
  { name: 'scope', type: 'LowCardinality(String)', value: (row) => row.scope },
  { name: 'checked_from', type: "DateTime64(3, 'UTC')", value: (row) => row.checkedFrom },
  { name: 'checked_through', type: "DateTime64(3, 'UTC')", value: (row) => row.checkedThrough },
  { name: 'full', type: 'UInt8', value: (row) => (row.full ? 1 : 0) },
  { name: 'checked', type: 'UInt64', value: (row) => row.finding.checked },
  { name: 'lost', type: 'UInt64', value: (row) => row.finding.lost },
  { name: 'duplicated', type: 'UInt64', value: (row) => row.finding.duplicated },
  { name: 'conflicts', type: 'UInt64', value: (row) => row.finding.conflicts },
  { name: 'open_gaps', type: 'UInt64', value: (row) => row.openGaps },
  { name: 'detail', type: 'String', value: (row) => row.detail },
];
