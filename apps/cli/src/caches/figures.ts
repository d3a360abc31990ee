import { LEVEL_MS, type Level } from '#libs/contracts';
import type { Server } from '../http/server.js';

export const RESULTS = ['hits', 'stale_hits', 'negative_hits', 'misses', 'errors'] as const;
export const REMOVALS = ['evicted', 'expired', 'invalidated', 'replaced', 'rejected', 'cleared'] as const;
const OTHERS = ['loads', 'load_errors', 'writes'] as const;
const COUNTS = [...RESULTS, ...OTHERS, ...REMOVALS] as const;
const GAUGES = ['entries', 'bytes', 'max_entries', 'max_bytes'] as const;

export type CountName = (typeof COUNTS)[number];
export type GaugeName = (typeof GAUGES)[number];

/** What the database tells of one tier of one cache over a time. */
export interface TierFigures {
  readonly service: string;
  readonly cache: string;
  readonly tier: string;
  readonly counts: Readonly<Record<CountName, number>>;
  /** Sums over the instances that have reported lately; null where none tells. */
  readonly gauges: Readonly<Record<GaugeName, number | null>>;
  /** Instances that have reported lately. */
  readonly instances: number;
  /** When the first and the last of its buckets begin and end, epoch ms. */
  readonly from: number;
  readonly to: number;
}

export interface Asked {
  /** Epoch ms. */
  readonly since: number;
  readonly now: number;
  readonly service?: string | undefined;
  readonly cache?: string | undefined;
}

/** How much is held is asked of raw windows, and of no longer time than this, ms. */
const LATELY_MS = 3_600_000;

/** The view whose buckets are as coarse as the time is long. All of them are exact up to now. */
export function levelFor({ since, now }: Pick<Asked, 'since' | 'now'>): Level {
  if (now - since <= 7_200_000) return '10s';
  return now - since <= 172_800_000 ? '1m' : '1h';
}

export function viewOf(level: Level): string {
  return level === '10s' ? 'cache' : `cache_by_${level}`;
}

/** The condition on service and cache, with the parameters that `parametersOf` gives. */
export function whereOf({ service, cache }: Pick<Asked, 'service' | 'cache'>): string {
  return [
    ...(service === undefined ? [] : ['AND service = {service:String}']),
    ...(cache === undefined ? [] : ['AND cache = {cache:String}']),
  ].join(' ');
}

export function parametersOf({ since, service, cache }: Asked): Record<string, string | number> {
  return {
    since: Math.floor(since / 1_000),
    ...(service !== undefined && { service }),
    ...(cache !== undefined && { cache }),
  };
}

type Row = Readonly<Record<string, string | number | null>>;

/** Figures of every tier of every cache, or of one, in the order of service and cache. Two statements. */
export async function tierFigures(server: Server, asked: Asked): Promise<TierFigures[]> {
  const level = levelFor(asked);
  const where = whereOf(asked);
  const counted = await server.query<Row>(
    `SELECT service, cache, tier, ${COUNTS.map((name) => `sum(${name}) AS ${name}_sum`).join(', ')},
       toUnixTimestamp(min(bucket_end)) AS first, toUnixTimestamp(max(bucket_end)) AS last
     FROM ${viewOf(level)} WHERE bucket_end > toDateTime({since:UInt32}) ${where}
     GROUP BY service, cache, tier ORDER BY service, cache, tier`,
    parametersOf(asked),
  );
  // An instance that ended holds nothing: what counts is who was there in the last minute in which anybody was.
  const held = await server.query<Row>(
    `SELECT service, cache, tier, count() AS instances, ${GAUGES.map((name) => `sum(last_${name}) AS ${name}_sum`).join(', ')}
     FROM (
       SELECT service, cache, tier, ${GAUGES.map((name) => `argMax(${name}, (time, sequence)) AS last_${name}`).join(', ')},
         max(time) AS seen, max(seen) OVER (PARTITION BY service, cache) AS newest
       FROM cache_windows FINAL WHERE time > toDateTime({since:UInt32}) ${where}
       GROUP BY service, cache, tier, instance
     ) WHERE seen > newest - INTERVAL 60 SECOND
     GROUP BY service, cache, tier`,
    parametersOf({ ...asked, since: Math.max(asked.since, asked.now - LATELY_MS) }),
  );
  return counted.map((row) => {
    const same = held.find((one) => ['service', 'cache', 'tier'].every((name) => one[name] === row[name]));
    return {
      service: String(row['service']),
      cache: String(row['cache']),
      tier: String(row['tier']),
      counts: Object.fromEntries(COUNTS.map((name) => [name, Number(row[`${name}_sum`])])) as TierFigures['counts'],
      gauges: Object.fromEntries(
        GAUGES.map((name) => [name, numberOrNull(same?.[`${name}_sum`])]),
      ) as TierFigures['gauges'],
      instances: Number(same?.['instances'] ?? 0),
      from: Number(row['first']) * 1_000 - LEVEL_MS[level],
      to: Number(row['last']) * 1_000,
    };
  });
}

function numberOrNull(value: string | number | null | undefined): number | null {
  return value === null || value === undefined ? null : Number(value);
}
