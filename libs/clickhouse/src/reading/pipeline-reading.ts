import { LEVELS, type Level, type PipelineStatus } from '#libs/contracts';
import type { RowReader } from './row-reader.js';

/** How far one partition of the log is. Times in ms since 1970; null was never set. */
export interface ProgressReading {
  readonly partition: number;
  readonly watermark: number | null;
  readonly idle: boolean;
  readonly settled: Readonly<Record<Level, number | null>>;
}

/** What the audit last found; null before every scope was looked at, which is not the same as 0. */
export type AuditReading = PipelineStatus['audit'];

/** The newest row of each partition. @throws what the reader throws. */
export async function readProgress(reader: RowReader): Promise<ProgressReading[]> {
  const rows = await reader.rows<ProgressRow>(
    `SELECT partition, toUnixTimestamp64Milli(watermark) AS watermark_ms, idle,
      ${LEVELS.map((level) => `toUnixTimestamp(settled_${level}) AS s${level}`).join(', ')}
    FROM progress FINAL ORDER BY partition`,
  );
  return rows.map((row) => ({
    partition: row.partition,
    watermark: timeOf(row.watermark_ms),
    idle: row.idle === 1,
    settled: { '10s': timeOf(row.s10s * 1_000), '1m': timeOf(row.s1m * 1_000), '1h': timeOf(row.s1h * 1_000) },
  }));
}

/** How far back the audit's rows are looked at: a scope that has not been heard of for longer is not vouched for. */
const AUDIT_HEARD_MS = 2 * 86_400_000;

/** Rows dated further ahead are of a clock that was wrong: taken for the latest, they would hide all that follow. */
export const AUDIT_AHEAD_MS = 5 * 60_000;

/**
 * The latest findings of all scopes, added up, and the times of the scope that is furthest behind: of those that must be
 * there, `log` and `raw` for each partition and the rollups, one that is not heard of makes them null, and with them a
 * sum of 0. @throws what the reader throws.
 */
export async function readAudit(reader: RowReader, now: number): Promise<AuditReading> {
  const [rows, partitions] = await Promise.all([
    reader.rows<AuditRow>(
      `SELECT scope, argMax(lost, time) AS lost, argMax(duplicated, time) AS duplicated,
        max(toUnixTimestamp64Milli(time)) AS at,
        argMax(toUnixTimestamp64Milli(checked_through), time) AS through,
        maxIf(toUnixTimestamp64Milli(time), full = 1) AS full_at
      FROM audit WHERE time > fromUnixTimestamp64Milli({since:Int64}, 'UTC')
        AND time <= fromUnixTimestamp64Milli({until:Int64}, 'UTC') GROUP BY scope`,
      { since: now - AUDIT_HEARD_MS, until: now + AUDIT_AHEAD_MS },
    ),
    reader.rows<{ partition: number }>('SELECT DISTINCT partition FROM progress'),
  ]);
  const found = new Map(rows.map((row) => [row.scope, row]));
  const expected = [
    ...partitions.flatMap(({ partition }) => [`log/${partition}`, `raw/${partition}`]),
    'rollups',
    'rollups/1h',
  ].map((scope) => found.get(scope));
  const complete = expected.every((row) => row !== undefined);
  const sum = (of: (row: AuditRow) => number) => {
    const all = rows.reduce((total, row) => total + Number(of(row)), 0);
    return complete || all > 0 ? all : null;
  };
  const least = (of: (row: AuditRow) => number) =>
    timeOf(Math.min(...expected.map((row) => (row === undefined ? 0 : Number(of(row))))));
  return {
    lost: sum((row) => row.lost),
    duplicated: sum((row) => row.duplicated),
    checkedAt: least((row) => row.at),
    checkedThrough: least((row) => row.through),
    lastFullCheckAt: least((row) => row.full_at),
  };
}

/** Dead letters accepted after a time, by cause. None is an empty list. @throws what the reader throws. */
export async function readDeadLetters(reader: RowReader, since: number): Promise<{ cause: string; letters: number }[]> {
  const rows = await reader.rows<{ cause: string; letters: number }>(
    `SELECT cause, count() AS letters FROM dead_letters FINAL
    WHERE accepted_day >= toDate(fromUnixTimestamp64Milli({since:Int64}, 'UTC'))
      AND accepted_at >= fromUnixTimestamp64Milli({since:Int64}, 'UTC')
    GROUP BY cause ORDER BY letters DESC, cause`,
    { since },
  );
  return rows.map(({ cause, letters }) => ({ cause, letters: Number(letters) }));
}

/** A time that was never set is the epoch. */
function timeOf(ms: number | string): number | null {
  const time = Number(ms);
  return time > 0 ? time : null;
}

interface ProgressRow {
  readonly partition: number;
  readonly watermark_ms: number;
  readonly idle: number;
  readonly s10s: number;
  readonly s1m: number;
  readonly s1h: number;
}

interface AuditRow {
  readonly scope: string;
  readonly lost: number;
  readonly duplicated: number;
  readonly at: number;
  readonly through: number;
  readonly full_at: number;
}
