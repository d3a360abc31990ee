import { ROLLUP, ROLLUPS, rollupTable, type ClickHouse } from '#libs/clickhouse';
import { EVENT_KINDS, EVENT_TABLES, type Column } from '#libs/contracts';
import type { Finding } from './findings.js';

/** A minute in which something was accepted or touched, by its start, ms since 1970. */
export type Minute = number;

export interface AuditRow {
  readonly time: number;
  readonly scope: string;
  readonly checkedFrom: number;
  readonly checkedThrough: number;
  readonly full: boolean;
  readonly finding: Finding;
  readonly conflicts: number;
  readonly openGaps: number;
  readonly detail: string;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;

/** The audit's questions to ClickHouse. Each compares two counts of the same events by identity or by bucket. */
export class AuditStore {
  constructor(private readonly clickhouse: ClickHouse) {}

  /** Minutes of acceptance that have batches of a partition whose events are all still kept raw. */
  async acceptedMinutes(partition: number, rawFromMs: number): Promise<Minute[]> {
    return this.#minutes(
      `SELECT DISTINCT toUnixTimestamp(toStartOfMinute(accepted_at)) AS minute FROM batches
       WHERE partition = {partition:UInt32} AND earliest_bucket > {from:DateTime('UTC')} ORDER BY minute`,
      { partition, from: textOf(rawFromMs) },
    );
  }

  /** Raw rows against what `batches` says was inserted, by identity, for batches accepted in one minute. */
  rawRows(partition: number, minute: Minute): Promise<Finding> {
    const identities = `SELECT instance, sequence FROM batches FINAL WHERE partition = {partition:UInt32} AND accepted_day = toDate({from:DateTime64(3, 'UTC')})
      AND accepted_at >= {from:DateTime64(3, 'UTC')} AND accepted_at < {to:DateTime64(3, 'UTC')} AND events > 0`;
    const counts = EVENT_KINDS.map(
      (
        kind,
      ) => `SELECT instance, sequence, toInt64(0) AS expected, toInt64(count()) AS found FROM ${EVENT_TABLES[kind].table} FINAL
        WHERE bucket_end >= spanned.1 AND bucket_end <= spanned.2 AND (instance, sequence) IN (${identities}) GROUP BY instance, sequence`,
    );
    return this.#compare(
      // All that is known of these identities counts, also what was added to them later.
      `WITH (SELECT tuple(min(earliest_bucket), max(latest_bucket)) FROM batches FINAL WHERE (instance, sequence) IN (${identities}) AND events > 0) AS spanned
       SELECT sum(e) AS checked, sum(greatest(e - f, 0)) AS lost, sum(greatest(f - e, 0)) AS duplicated FROM (
         SELECT instance, sequence, sum(expected) AS e, sum(found) AS f FROM (
           SELECT instance, sequence, toInt64(sum(events)) AS expected, toInt64(0) AS found FROM batches FINAL
           WHERE (instance, sequence) IN (${identities}) GROUP BY instance, sequence
           UNION ALL ${counts.join(' UNION ALL ')}
         ) GROUP BY instance, sequence)`,
      { partition, ...between(minute, MINUTE_MS) },
    );
  }

  /** Minutes whose 10 s buckets were touched, as far as everything is settled and raw events are kept. */
  async touchedMinutes(rawFromMs: number, settledMs: number): Promise<Minute[]> {
    return this.#minutes(
      `SELECT DISTINCT intDiv(toUnixTimestamp(bucket_end) - 1, 60) * 60 AS minute FROM marks
       WHERE level = '10s' AND bucket_end > {from:DateTime('UTC')} AND bucket_end <= {to:DateTime('UTC')} ORDER BY minute`,
      { from: textOf(rawFromMs + MINUTE_MS), to: textOf(settledMs) },
    );
  }

  /** 10 s buckets against raw events, and the 1 min bucket against its 10 s ones, for one minute. */
  async minuteBuckets(minute: Minute): Promise<Finding> {
    return this.#sum(
      ROLLUPS.flatMap((name) => {
        const { rawTable, subject } = ROLLUP[name];
        return [
          this.#buckets(
            name,
            '10s',
            MINUTE_MS,
            minute,
            `SELECT service, ${subject} AS subject, bucket_end AS bucket, toInt64(sum(row_version)) AS below, toInt64(0) AS above FROM ${rawTable} FINAL`,
          ),
          this.#buckets(
            name,
            '1m',
            MINUTE_MS,
            minute,
            `SELECT service, ${subject} AS subject, ${lastOf(minute, MINUTE_MS)} AS bucket, toInt64(sum(version)) AS below, toInt64(0) AS above FROM ${rollupTable(name, '10s')} FINAL`,
          ),
        ];
      }),
    );
  }

  /** The 1 h bucket against its 1 min ones. */
  async hourBuckets(hour: number): Promise<Finding> {
    return this.#sum(
      ROLLUPS.map((name) =>
        this.#buckets(
          name,
          '1h',
          HOUR_MS,
          hour,
          `SELECT service, ${ROLLUP[name].subject} AS subject, ${lastOf(hour, HOUR_MS)} AS bucket, toInt64(sum(version)) AS below, toInt64(0) AS above FROM ${rollupTable(name, '1m')} FINAL`,
        ),
      ),
    );
  }

  /** Batches that an emitter has numbered and that have not come, over emitters of the last two days. */
  async openGaps(): Promise<number> {
    const [row] = await this.clickhouse.query<{ gaps: string | number }>(
      `SELECT sum(last + 1 - seen) AS gaps FROM (
         SELECT max(sequence) AS last, uniqExact(sequence) AS seen FROM batches WHERE accepted_day >= toDate(now()) - 2 GROUP BY instance)`,
    );
    return Number(row?.gaps ?? 0);
  }

  write(rows: readonly AuditRow[]): Promise<void> {
    return this.clickhouse.insertRows('audit', AUDIT_COLUMNS, rows);
  }

  /** Buckets with an open mark are about to be recounted: they are left out. */
  #buckets(
    rollup: (typeof ROLLUPS)[number],
    level: '10s' | '1m' | '1h',
    stepMs: number,
    start: number,
    below: string,
  ): Promise<Finding> {
    const range = `bucket_end > {from:DateTime('UTC')} AND bucket_end <= {to:DateTime('UTC')}`;
    return this.#compare(
      `SELECT sum(b) AS checked, sum(greatest(b - a, 0)) AS lost, sum(greatest(a - b, 0)) AS duplicated FROM (
         SELECT service, subject, bucket, sum(below) AS b, sum(above) AS a FROM (
           ${below} WHERE ${range} GROUP BY service, subject, bucket
           UNION ALL
           SELECT service, ${ROLLUP[rollup].subject} AS subject, bucket_end AS bucket, toInt64(0) AS below, toInt64(sum(version)) AS above
           FROM ${rollupTable(rollup, level)} FINAL WHERE ${range} GROUP BY service, subject, bucket
         ) GROUP BY service, subject, bucket)
       WHERE (service, subject, bucket) NOT IN (
         SELECT service, subject, bucket_end FROM marks FINAL WHERE level = '${level}' AND rollup = '${rollup}' AND consumed = 0 AND ${range})`,
      between(start, stepMs),
    );
  }

  async #minutes(sql: string, parameters: Readonly<Record<string, unknown>>): Promise<Minute[]> {
    return (await this.clickhouse.query<{ minute: string | number }>(sql, parameters)).map(
      ({ minute }) => Number(minute) * 1_000,
    );
  }

  async #compare(sql: string, parameters: Readonly<Record<string, unknown>>): Promise<Finding> {
    const [row] = await this.clickhouse.query<Record<keyof Finding, string | number>>(sql, parameters);
    return {
      checked: Number(row?.checked ?? 0),
      lost: Number(row?.lost ?? 0),
      duplicated: Number(row?.duplicated ?? 0),
    };
  }

  async #sum(looks: readonly Promise<Finding>[]): Promise<Finding> {
    const all = await Promise.all(looks);
    return {
      checked: all.reduce((sum, one) => sum + one.checked, 0),
      lost: all.reduce((sum, one) => sum + one.lost, 0),
      duplicated: all.reduce((sum, one) => sum + one.duplicated, 0),
    };
  }
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
  { name: 'conflicts', type: 'UInt64', value: (row) => row.conflicts },
  { name: 'open_gaps', type: 'UInt64', value: (row) => row.openGaps },
  { name: 'detail', type: 'String', value: (row) => row.detail },
];
