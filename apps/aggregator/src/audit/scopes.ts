import { AUDIT_AHEAD_MS } from '#libs/clickhouse';
import { EVENTS_TOPIC } from '#libs/contracts';
import type { EventLog } from '#libs/event-log';
import { DAY_MS, HOUR_MS, type Clock } from '#libs/time';
import type { AggregatorStore } from '../aggregator-store.js';
import type { Assignments } from '../assignments.js';
import type { AuditStore, BucketSpan } from './audit-store.js';
import type { Chunk, Finding } from './findings.js';
import { checkLog, logChunks, logSlices } from './log-check.js';

/** One comparison, cut into slices and those into chunks: which there are, and what one look at a chunk finds. */
export interface Scope {
  readonly name: string;
  /** All there are, ascending. */
  readonly slices: readonly number[];
  /** Chunks of slices in a row, ascending. */
  readonly list: (slices: readonly number[]) => Promise<readonly Chunk[]> | readonly Chunk[];
  /** `through` is how far the chunk reaches as time, where its number does not say so. */
  readonly look: (chunk: Chunk) => Promise<{ readonly finding: Finding; readonly through?: number }>;
  /** Whether slices and chunks are numbered by ms since 1970. */
  readonly isTime: boolean;
  /** ms since 1970 through which all is checked when every chunk is; undefined: as far as the newest chunk goes. */
  readonly end: number | undefined;
}

/** Events may be dated ahead of their accept time by this much, and so outlive the day of their acceptance. */
const MAX_AHEAD_MS = DAY_MS;

/**
 * What the audit of an aggregator looks at, as of now: `log/P` (records of the log against `batches` and the dead
 * letters) and `raw/P` (`batches` against raw rows) of its partitions, and, by whoever has partition 0, `rollups` (raw
 * events against 10 s and 1 min buckets) and `rollups/1h`.
 */
export class AuditScopes {
  constructor(
    private readonly log: EventLog,
    private readonly store: AggregatorStore,
    private readonly audit: AuditStore,
    private readonly assignments: Assignments,
    private readonly clock: Clock,
  ) {}

  async now(): Promise<Scope[]> {
    const now = this.clock.now();
    const rawFrom = await this.store.rawFrom();
    const states = this.assignments.all();
    const acceptedDays = daysToLookAt(await this.audit.acceptedDays(), rawFrom, now);
    const ranges = new Map((await this.log.ranges(EVENTS_TOPIC)).map((range) => [range.partition, range]));
    const scopes = states.flatMap(({ partition, committed }): Scope[] => {
      const { earliest, next } = ranges.get(partition) ?? { earliest: 0n, next: 0n };
      // What is not committed yet is not checked either.
      const end = committed >= next ? now : undefined;
      return [
        {
          name: `log/${partition}`,
          slices: logSlices(earliest, committed),
          list: (slices) => logChunks(slices, earliest, committed),
          look: (chunk) => checkLog(this.log, this.store, this.audit, partition, chunk, now),
          isTime: false,
          end,
        },
        {
          name: `raw/${partition}`,
          slices: acceptedDays,
          list: (days) => this.audit.acceptedMinutes(partition, ...spanOf(days, DAY_MS), rawFrom),
          look: async ({ at }) => ({ finding: await this.audit.rawRows(partition, at, rawFrom) }),
          isTime: true,
          end,
        },
      ];
    });
    if (!states.some(({ partition }) => partition === 0)) return scopes;
    const settled = await this.store.settledEverywhere();
    const [minutesEnd, hoursEnd] = [settled['1m'] * 1_000, settled['1h'] * 1_000];
    const hours = hoursOf(await this.audit.bucketSpans(), rawFrom, minutesEnd);
    return [
      ...scopes,
      {
        name: 'rollups',
        slices: hours,
        list: (some) => this.audit.bucketMinutes(...spanOf(some, HOUR_MS, minutesEnd)),
        look: async ({ at }) => ({ finding: await this.audit.minuteBuckets(at) }),
        isTime: true,
        end: minutesEnd,
      },
      {
        name: 'rollups/1h',
        slices: daysOf(hours.filter((hour) => hour < hoursEnd)),
        list: (days) => this.audit.bucketHours(...spanOf(days, DAY_MS, hoursEnd, rawFrom)),
        look: async ({ at }) => ({ finding: await this.audit.hourBuckets(at) }),
        isTime: true,
        end: hoursEnd,
      },
    ];
  }
}

/**
 * Of the days in which batches were accepted those whose events may still be kept raw. A day that has not come, of a
 * clock that was wrong, is left out: it would be the newest, and today none that may grow.
 */
export function daysToLookAt(acceptedDays: readonly number[], rawFrom: number, now: number): number[] {
  return acceptedDays.filter((day) => day >= rawFrom - MAX_AHEAD_MS && day <= now + AUDIT_AHEAD_MS);
}

/**
 * Hours in which buckets may stand, ascending. Only of times that hold something: an empty hour that has not been listed
 * yet would say that nothing after it has been checked.
 */
export function hoursOf(spans: readonly BucketSpan[], fromMs: number, toMs: number): number[] {
  const hours = new Set<number>();
  for (const { firstMs, lastMs } of spans)
    for (let hour = hourOf(firstMs); hour <= hourOf(lastMs); hour += HOUR_MS)
      if (hour >= fromMs && hour < toMs) hours.add(hour);
  return [...hours].sort((a, b) => a - b);
}

/** A bucket is stamped with its end: the last one of an hour stands with the next one's. */
function hourOf(bucketEndMs: number): number {
  return Math.floor((bucketEndMs - 1) / HOUR_MS) * HOUR_MS;
}

function daysOf(hours: readonly number[]): number[] {
  return [...new Set(hours.map((hour) => hour - (hour % DAY_MS)))];
}

/** From the start of the first slice to the end of the last. */
function spanOf(slices: readonly number[], widthMs: number, end = Infinity, start = -Infinity): [number, number] {
  return [Math.max(slices[0] ?? 0, start), Math.min((slices.at(-1) ?? 0) + widthMs, end)];
}
