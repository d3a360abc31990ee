import type { Server } from '../http/server.js';
import { COUNTERS, type Counts, type TierCounts } from './counters.js';

/** What the database holds of one emitter instance. */
export interface Stored {
  readonly tiers: TierCounts;
  /** Rows of every raw table, which are events. */
  readonly events: number;
  readonly batches: number;
}

const COUNT_SQL: Record<string, string> = {
  requests: 'hits + stale_hits + misses + negative_hits + errors',
};

/** FINAL although the port pins it: against a server whose profile does not, the answer must be the same. */
export const STORED_SQL = `SELECT tier, ${COUNTERS.map((name) => `toInt64(sum(${COUNT_SQL[name] ?? name})) AS ${name}_sum`).join(', ')}
FROM cache_windows FINAL
WHERE service = {service:String} AND instance = {instance:UUID}
GROUP BY tier`;

const EVENT_TABLES = ['cache_windows', 'cache_accesses', 'cache_changes', 'metric_events'];

const EVENTS_SQL = `SELECT ${EVENT_TABLES.map(
  (table) => `(SELECT count() FROM ${table} FINAL WHERE service = {service:String} AND instance = {instance:UUID})`,
).join(' + ')} AS events, (SELECT uniqExact(sequence) FROM batches WHERE instance = {instance:UUID}) AS batches`;

type Row = Record<string, string | number>;

/** Asks the database for these tiers; two statements, neither of which sees another replay. */
export async function storedOf(
  server: Server,
  service: string,
  instance: string,
  tiers: readonly string[],
): Promise<Stored> {
  const parameters = { service, instance };
  const sums = await server.query<Row>(STORED_SQL, parameters);
  const [rows] = await server.query<Row>(EVENTS_SQL, parameters);
  return {
    tiers: tiers.map((tier) => ({ tier, counts: countsIn(sums.find((row) => row['tier'] === tier)) })),
    events: Number(rows?.['events'] ?? 0),
    batches: Number(rows?.['batches'] ?? 0),
  };
}

function countsIn(row: Row | undefined): Counts {
  return Object.fromEntries(COUNTERS.map((name) => [name, Number(row?.[`${name}_sum`] ?? 0)])) as Counts;
}
