import { HISTOGRAM_SCALE } from '#libs/contracts';
import { ExpHistogram } from '#libs/histogram';
import type { Server } from '../http/server.js';
import { levelFor, parametersOf, viewOf, whereOf, type Asked } from './figures.js';

/** A histogram of the database in short; quantiles are null when nothing was recorded. */
export interface Spread {
  readonly count: number;
  readonly mean: number | null;
  readonly p50: number | null;
  readonly p99: number | null;
}

/** What is told of one tier besides its counts. Durations in ns, ages in ms, sizes in bytes. */
export interface TierDetails {
  readonly tier: string;
  readonly spreads: Readonly<Record<string, Spread>>;
  readonly ghostHits: number | null;
  readonly costSavedNs: number | null;
  readonly refreshesChanged: number | null;
  readonly refreshesUnchanged: number | null;
}

/** Histograms of a window, by their columns: those of every version, and those that a later one brought. */
const HISTOGRAMS = ['get', 'load'] as const;
const LATER_HISTOGRAMS = ['write_size', 'age_at_hit', 'time_to_eviction', 'age_at_refresh'] as const;
const LATER_COUNTS = ['ghost_hits', 'cost_saved_ns', 'refreshes_changed', 'refreshes_unchanged'] as const;

type Bins = Readonly<Record<string, string | number>>;
type Row = Readonly<Record<string, string | number | Bins | null>>;

/** Details of each tier of one cache. What a database of an earlier version does not have is left out. */
export async function tierDetails(server: Server, asked: Asked): Promise<TierDetails[]> {
  const view = viewOf(levelFor(asked));
  const [has] = await server.query<{ n: string }>(
    `SELECT count() AS n FROM system.columns WHERE table = {view:String} AND name = 'ghost_hits'`,
    { view },
  );
  const later = Number(has?.n ?? 0) > 0;
  const histograms = [...HISTOGRAMS, ...(later ? LATER_HISTOGRAMS : [])];
  const counts = later ? LATER_COUNTS : [];
  const sums = [
    ...counts.map((name) => `sum(${name}) AS ${name}_all`),
    ...histograms.flatMap((name) => [
      ...['count', 'sum', 'zero'].map((part) => `sum(${name}_${part}) AS ${name}_${part}_all`),
      `sumMap(${name}_bins) AS ${name}_bins_all`,
    ]),
  ];
  const rows = await server.query<Row>(
    `SELECT tier, ${sums.join(', ')} FROM ${view}
     WHERE bucket_end > toDateTime({since:UInt32}) ${whereOf(asked)} GROUP BY tier`,
    parametersOf(asked),
  );
  const count = (row: Row, name: (typeof LATER_COUNTS)[number]) => (later ? Number(row[`${name}_all`]) : null);
  return rows.map((row) => ({
    tier: String(row['tier']),
    spreads: Object.fromEntries(histograms.map((name) => [name, spreadOf(row, name)])),
    ghostHits: count(row, 'ghost_hits'),
    costSavedNs: count(row, 'cost_saved_ns'),
    refreshesChanged: count(row, 'refreshes_changed'),
    refreshesUnchanged: count(row, 'refreshes_unchanged'),
  }));
}

function spreadOf(row: Row, name: string): Spread {
  const part = (of: string) => Number(row[`${name}_${of}_all`]);
  const bins = Object.entries(row[`${name}_bins_all`] as Bins)
    .map(([bin, n]) => [Number(bin), Number(n)] as const)
    .filter(([, n]) => n > 0)
    .sort(([a], [b]) => a - b)
    .flat();
  const count = part('count');
  if (count === 0) return { count, mean: null, p50: null, p99: null };
  const histogram = ExpHistogram.fromData({
    scale: HISTOGRAM_SCALE,
    count,
    sum: part('sum'),
    zero: part('zero'),
    bins,
  });
  return { count, mean: part('sum') / count, p50: histogram.quantile(0.5), p99: histogram.quantile(0.99) };
}
