import { ROLLUPS, rollupTable } from '#libs/clickhouse';
import { EVENT_KINDS, EVENT_TABLES } from '#libs/contracts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** How long each level is kept, ms. What feeds another level is kept longer than lateness allows. */
export const KEEP = {
  raw: 72 * HOUR_MS,
  '10s': 7 * DAY_MS,
  '1m': 30 * DAY_MS,
  '1h': 730 * DAY_MS,
  batches: 14 * DAY_MS,
} as const;

/** A table that is dropped partition by partition: the last moment that a partition holds, from its name. */
export interface Kept {
  readonly table: string;
  readonly keepMs: number;
  readonly feedsRollups: boolean;
  /** End of a partition's time, ms since 1970, by its name in system.parts. */
  readonly endOf: (partition: string) => number;
}

const dayEnd = (name: string) => Date.parse(`${name}T00:00:00Z`) + DAY_MS;
const monthEnd = (name: string) => Date.UTC(Number(name.slice(0, 4)), Number(name.slice(4, 6)), 1);
const yearEnd = (name: string) => Date.UTC(Number(name) + 1, 0, 1);

export const KEPT: readonly Kept[] = [
  ...EVENT_KINDS.map((kind) => ({
    table: EVENT_TABLES[kind].table,
    keepMs: KEEP.raw,
    feedsRollups: true,
    endOf: dayEnd,
  })),
  ...ROLLUPS.flatMap((name) => [
    { table: rollupTable(name, '10s'), keepMs: KEEP['10s'], feedsRollups: true, endOf: dayEnd },
    { table: rollupTable(name, '1m'), keepMs: KEEP['1m'], feedsRollups: true, endOf: monthEnd },
    { table: rollupTable(name, '1h'), keepMs: KEEP['1h'], feedsRollups: false, endOf: yearEnd },
  ]),
  // Marks go with the buckets they speak of; an open one keeps its day.
  { table: 'marks', keepMs: KEEP['10s'], feedsRollups: true, endOf: dayEnd },
  { table: 'batches', keepMs: KEEP.batches, feedsRollups: false, endOf: dayEnd },
  { table: 'dead_letters', keepMs: KEEP['1m'], feedsRollups: false, endOf: dayEnd },
];

/** The end of the last day whose raw events may go: all of it older than they are kept. ms since 1970. */
export function rawFromAt(nowMs: number): number {
  return Math.floor((nowMs - KEEP.raw) / DAY_MS) * DAY_MS;
}

/** Partitions of a table that are wholly older than it is kept, and in which nothing waits for a recount. Pure. */
export function expired(
  kept: Kept,
  partitions: readonly string[],
  nowMs: number,
  openMarks: readonly number[],
): string[] {
  return partitions.filter((name) => {
    const end = kept.endOf(name);
    if (!Number.isFinite(end) || end > nowMs - kept.keepMs) return false;
    return !kept.feedsRollups || openMarks.every((bucketEndMs) => bucketEndMs > end);
  });
}
