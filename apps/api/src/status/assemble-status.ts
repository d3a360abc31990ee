import { perLevel, type PipelineStatus } from '#libs/contracts';
import type { PartitionReading } from '#libs/event-log';
import type { DatabaseReading } from './database-reading.js';

/** What a look at one step found; the last good value stays when it fails. */
export interface StepReading<Value> {
  readonly ok: boolean;
  readonly detail: string;
  readonly value: Value | undefined;
}

export interface StatusInput {
  readonly at: number;
  readonly startedAt: number;
  readonly sqlPort: number | null;
  readonly log: StepReading<readonly PartitionReading[]>;
  readonly database: StepReading<DatabaseReading>;
  /** Undefined until both the log and the database were read once. */
  readonly rates: NonNullable<PipelineStatus['rates']> | undefined;
}

/** One status out of what was read; what never was is null, not 0. Pure. */
export function assembleStatus(input: StatusInput): PipelineStatus {
  const { at, startedAt, sqlPort, log, database, rates = null } = input;
  const found = database.value;
  const progress = new Map(found?.progress.partitions.map((one) => [one.partition, one]));
  const partitions = (log.value ?? []).map((one) => {
    const { watermark = null, idle = null, silent = null } = progress.get(one.partition) ?? {};
    return { ...one, watermark, silent, idle };
  });
  const watermark = least(
    // Nothing new comes of one that is silent, and all of it is in; that its last buckets wait to be recounted changes no
    // answer, which takes them from raw events. A partition that never had a record holds nothing up either.
    partitions
      .filter(({ silent, lag, next }) => next > 0 && !(silent === true && lag === 0))
      .map((one) => one.watermark),
  );
  return {
    at,
    startedAt,
    sql: { port: sqlPort },
    steps: {
      log: { ok: log.ok, detail: log.detail },
      clickhouse: { ok: database.ok, detail: database.detail },
    },
    rates,
    log: { lag: log.value === undefined ? null : partitions.reduce((sum, { lag }) => sum + lag, 0), partitions },
    watermark: { time: watermark, ageMs: watermark === null ? null : Math.max(0, at - watermark) },
    settled: found?.progress.settled ?? NOTHING_SETTLED,
    totals: found === undefined ? null : totalsOf(found),
    cache: found === undefined ? null : cacheOf(found),
    audit: found === undefined ? NOT_AUDITED : auditOf(found),
    deadLetters: found?.deadLetters ?? null,
    storage: found?.storage ?? null,
  };
}

function totalsOf({ byKind, exact }: DatabaseReading): PipelineStatus['totals'] {
  return { events: Object.values(byKind).reduce((sum, count) => sum + count, 0), byKind: { ...byKind }, exact };
}

/** An audit that found nothing to compare reaches as far as the clock does, which would read as a promise. */
function auditOf({ audit }: DatabaseReading): PipelineStatus['audit'] {
  return audit.checked === 0 ? { ...audit, checkedThrough: null, minutesThrough: null, hoursThrough: null } : audit;
}

function cacheOf({ cache }: DatabaseReading): PipelineStatus['cache'] {
  const { requests, hits, staleHits, negativeHits } = cache;
  // What a farther tier answers may be in a second before the request to the nearest one is.
  const hitRatio = requests === 0 ? null : Math.min(1, (hits + staleHits + negativeHits) / requests);
  return { ...cache, hitRatio };
}

/** Null when there are none, or one of them is not known: what is unknown cannot be vouched for. */
function least(times: readonly (number | null)[]): number | null {
  let found: number | null = null;
  for (const time of times) {
    if (time === null) return null;
    found = found === null ? time : Math.min(found, time);
  }
  return found;
}

const NOTHING_SETTLED = perLevel(() => null);

const NOT_AUDITED: PipelineStatus['audit'] = {
  checked: null,
  lost: null,
  duplicated: null,
  checkedAt: null,
  checkedThrough: null,
  minutesThrough: null,
  hoursThrough: null,
  lastFullCheckAt: null,
};
