import { LEVELS, perLevel, type Level } from '#libs/contracts';
import { settledEverywhere } from '../recount/views.js';
import { timeOf, type RowReader } from './row-reader.js';

/** How far one partition of the log is. Times in ms since 1970; null was never set. */
export interface PartitionProgress {
  readonly partition: number;
  readonly watermark: number | null;
  readonly idle: boolean;
  readonly silent: boolean;
}

/** How far the pipeline is. */
export interface ProgressReading {
  readonly partitions: readonly PartitionProgress[];
  /** Bucket end up to which every bucket is recounted, over all partitions: the one that answers go by. Null is none. */
  readonly settled: Readonly<Record<Level, number | null>>;
}

/** The newest row of each partition, and what they come to. @throws what the reader throws. */
export async function readProgress(reader: RowReader): Promise<ProgressReading> {
  const rows = await reader.rows<ProgressRow>(
    `SELECT partition, toUnixTimestamp64Milli(watermark) AS watermark_ms, idle, silent,
      (SELECT [${LEVELS.map((level) => `toUnixTimestamp(${settledEverywhere(level)})`).join(', ')}] FROM progress FINAL) AS settled
    FROM progress FINAL ORDER BY partition`,
  );
  const settled = rows[0]?.settled ?? [];
  return {
    partitions: rows.map((row) => ({
      partition: row.partition,
      watermark: timeOf(row.watermark_ms),
      idle: row.idle === 1,
      silent: row.silent === 1,
    })),
    settled: perLevel((_, at) => timeOf((settled[at] ?? 0) * 1_000)),
  };
}

/** Those that have progress. */
export function partitionsOf({ partitions }: ProgressReading): number[] {
  return partitions.map(({ partition }) => partition);
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

/** Above this many rows a count with FINAL costs too much to be asked for again and again. */
export const MOST_ROWS_COUNTED_EXACTLY = 5_000_000;

/** All dead letters that are kept. */
export interface KeptDeadLetters {
  readonly letters: number;
  /** Null when there are too many to look at each: `letters` then counts those twice that merges have yet to fold. */
  readonly byCause: readonly { readonly cause: string; readonly letters: number }[] | null;
}

/** For a `PacedReading`: it costs what is kept. @throws what the reader throws. */
export async function readKeptDeadLetters(
  reader: RowReader,
  mostExactly = MOST_ROWS_COUNTED_EXACTLY,
): Promise<KeptDeadLetters> {
  const [row] = await reader.rows<{ n: number }>(
    "SELECT sum(rows) AS n FROM system.parts WHERE active AND database = currentDatabase() AND table = 'dead_letters'",
  );
  const rows = Number(row?.n ?? 0);
  if (rows > mostExactly) return { letters: rows, byCause: null };
  const byCause = await readDeadLetters(reader, 0);
  return { letters: byCause.reduce((sum, { letters }) => sum + letters, 0), byCause };
}

interface ProgressRow {
  readonly partition: number;
  readonly watermark_ms: number;
  readonly idle: number;
  readonly silent: number;
  /** Seconds since 1970, by level, the same in each row. */
  readonly settled: readonly number[];
}
