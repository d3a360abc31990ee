import { LEVELS, type Level, type PipelineStatus } from '#libs/contracts';
import type { RowReader } from './row-reader.js';

/** How far one partition of the log is. Times in ms since 1970; null was never set. */
export interface ProgressReading {
  readonly partition: number;
  readonly watermark: number | null;
  readonly idle: boolean;
  readonly settled: Readonly<Record<Level, number | null>>;
}

/** What the audit last found; null before its first round, which is not the same as 0. */
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

/** The latest finding of each scope counts, and their sum. @throws what the reader throws. */
export async function readAudit(reader: RowReader): Promise<AuditReading> {
  const rows = await reader.rows<AuditRow>(
    `SELECT argMax(lost, time) AS lost, argMax(duplicated, time) AS duplicated,
      max(toUnixTimestamp64Milli(time)) AS at,
      argMax(toUnixTimestamp64Milli(checked_through), time) AS through,
      maxIf(toUnixTimestamp64Milli(time), full = 1) AS full_at
    FROM audit GROUP BY scope`,
  );
  if (rows.length === 0)
    return { lost: null, duplicated: null, checkedAt: null, checkedThrough: null, lastFullCheckAt: null };
  return {
    lost: rows.reduce((sum, row) => sum + Number(row.lost), 0),
    duplicated: rows.reduce((sum, row) => sum + Number(row.duplicated), 0),
    checkedAt: timeOf(Math.max(...rows.map((row) => Number(row.at)))),
    checkedThrough: timeOf(Math.min(...rows.map((row) => Number(row.through)))),
    lastFullCheckAt: timeOf(Math.max(...rows.map((row) => Number(row.full_at)))),
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
  readonly lost: number;
  readonly duplicated: number;
  readonly at: number;
  readonly through: number;
  readonly full_at: number;
}
