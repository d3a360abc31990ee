import type { PipelineStatus } from '#libs/contracts';
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
  /** Records per second that were appended, and that the aggregator has committed. */
  readonly appendedPerSecond: number;
  readonly committedPerSecond: number;
}

/** One status out of what was read. Pure. */
export function assembleStatus(input: StatusInput): PipelineStatus {
  const { at, startedAt, sqlPort, log, database } = input;
  const found = database.value ?? NOTHING;
  const progress = new Map(found.progress.map((one) => [one.partition, one]));
  const partitions = (log.value ?? []).map((one) => {
    const { watermark = null, idle = true } = progress.get(one.partition) ?? {};
    return { ...one, watermark, idle };
  });
  const watermark = least(
    // A partition that never had a record holds nothing up.
    partitions.filter(({ idle, next }) => !idle && next > 0).map((one) => one.watermark),
  );
  const { requests, hits } = found.cache;
  return {
    at,
    startedAt,
    sql: { port: sqlPort },
    steps: {
      log: { ok: log.ok, detail: log.detail },
      clickhouse: { ok: database.ok, detail: database.detail },
    },
    rates: {
      recordsPerSecond: tenths(input.appendedPerSecond),
      acceptedPerSecond: tenths(input.appendedPerSecond * found.eventsPerRecord),
      insertedPerSecond: tenths(input.committedPerSecond * found.eventsPerRecord),
    },
    log: { lag: partitions.reduce((sum, { lag }) => sum + lag, 0), partitions },
    watermark: { time: watermark, ageMs: watermark === null ? null : Math.max(0, at - watermark) },
    settled: settledOf(found.progress),
    totals: {
      events: Object.values(found.byKind).reduce((sum, count) => sum + count, 0),
      byKind: { ...found.byKind },
      exact: found.exact,
    },
    cache: { ...found.cache, hitRatio: requests === 0 ? null : hits / requests },
    audit: found.audit,
    deadLetters: found.deadLetters,
    storage: found.storage,
  };
}

/** The least of the partitions that are not idle; when all are, the least of all, since nothing is under way. */
function settledOf(progress: DatabaseReading['progress']): PipelineStatus['settled'] {
  const live = progress.filter(({ idle }) => !idle);
  const counted = live.length > 0 ? live : progress;
  return {
    '10s': least(counted.map(({ settled }) => settled['10s'])),
    '1m': least(counted.map(({ settled }) => settled['1m'])),
    '1h': least(counted.map(({ settled }) => settled['1h'])),
  };
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

const tenths = (value: number) => Math.round(value * 10) / 10;

const NOTHING: DatabaseReading = {
  progress: [],
  eventsPerRecord: 0,
  byKind: {},
  exact: true,
  cache: { requests: 0, hits: 0, staleHits: 0, misses: 0, negativeHits: 0, errors: 0 },
  audit: { lost: null, duplicated: null, checkedAt: null, checkedThrough: null, lastFullCheckAt: null },
  deadLetters: 0,
  storage: { parts: 0, bytes: 0 },
};
