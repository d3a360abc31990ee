import { LEVELS, type Level } from '#libs/contracts';
import { timeOf, type RowReader } from './row-reader.js';

/** How far one partition of the log is. Times in ms since 1970; null was never set. */
export interface ProgressReading {
  readonly partition: number;
  readonly watermark: number | null;
  readonly idle: boolean;
  readonly silent: boolean;
  readonly settled: Readonly<Record<Level, number | null>>;
}

/** The newest row of each partition. @throws what the reader throws. */
export async function readProgress(reader: RowReader): Promise<ProgressReading[]> {
  const rows = await reader.rows<ProgressRow>(
    `SELECT partition, toUnixTimestamp64Milli(watermark) AS watermark_ms, idle, silent,
      ${LEVELS.map((level) => `toUnixTimestamp(settled_${level}) AS s${level}`).join(', ')}
    FROM progress FINAL ORDER BY partition`,
  );
  return rows.map((row) => ({
    partition: row.partition,
    watermark: timeOf(row.watermark_ms),
    idle: row.idle === 1,
    silent: row.silent === 1,
    settled: { '10s': timeOf(row.s10s * 1_000), '1m': timeOf(row.s1m * 1_000), '1h': timeOf(row.s1h * 1_000) },
  }));
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

interface ProgressRow {
  readonly partition: number;
  readonly watermark_ms: number;
  readonly idle: number;
  readonly silent: number;
  readonly s10s: number;
  readonly s1m: number;
  readonly s1h: number;
}
