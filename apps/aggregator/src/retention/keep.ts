import { ROLLUPS, rollupTable } from '#libs/clickhouse';
import { EVENT_KINDS, EVENT_TABLES, LEVEL_KEPT_MS } from '#libs/contracts';
import { DAY_MS } from '#libs/time';

/** How long what is kept besides raw events is kept, ms. */
export const KEEP = {
  ...LEVEL_KEPT_MS,
  /** Longer than the log, so that a replay of all of it finds what it decided before. */
  batches: 14 * DAY_MS,
} as const;

/** A table that is dropped partition by partition: the last moment that a partition holds, from its name. */
export interface Kept {
  readonly table: string;
  /** It is kept as long as this. */
  readonly as: 'raw' | keyof typeof KEEP;
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
    as: 'raw' as const,
    feedsRollups: true,
    endOf: dayEnd,
  })),
  ...ROLLUPS.flatMap((name) => [
    { table: rollupTable(name, '10s'), as: '10s' as const, feedsRollups: true, endOf: dayEnd },
    { table: rollupTable(name, '1m'), as: '1m' as const, feedsRollups: true, endOf: monthEnd },
    { table: rollupTable(name, '1h'), as: '1h' as const, feedsRollups: false, endOf: yearEnd },
  ]),
  // Marks go with the buckets they speak of; an open one keeps its day.
  { table: 'marks', as: '10s', feedsRollups: true, endOf: dayEnd },
  { table: 'batches', as: 'batches', feedsRollups: false, endOf: dayEnd },
  { table: 'dead_letters', as: '1m', feedsRollups: false, endOf: dayEnd },
];

/** The end of the last day whose raw events may go: a day after the last event that may touch it came. ms since 1970. */
export function rawFromAt(nowMs: number, latenessMs: number): number {
  return Math.floor((nowMs - latenessMs - DAY_MS) / DAY_MS) * DAY_MS;
}

/** Partitions of a table that lie wholly before `beforeMs`, and in which nothing waits for a recount. Pure. */
export function expired(
  kept: Kept,
  partitions: readonly string[],
  beforeMs: number,
  openMarks: readonly number[],
): string[] {
  return partitions.filter((name) => {
    const end = kept.endOf(name);
    if (!Number.isFinite(end) || end > beforeMs) return false;
    return !kept.feedsRollups || openMarks.every((bucketEndMs) => bucketEndMs > end);
  });
}

/** Before when a table's partitions may go: raw events before what the database gave up already, the rest by its age. */
export function dropBefore(kept: Kept, nowMs: number, rawFromMs: number): number {
  return kept.as === 'raw' ? rawFromMs : nowMs - KEEP[kept.as];
}
