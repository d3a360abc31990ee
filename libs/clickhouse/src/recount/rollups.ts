import { LEVEL_MS, type Level } from '#libs/contracts';
import { binSql } from './bin-sql.js';

export const ROLLUPS = ['cache', 'loads', 'metrics'] as const;
export type RollupName = (typeof ROLLUPS)[number];

interface Measure {
  readonly name: string;
  /** Aggregate over the rows of `raw`, which are called `s`. */
  readonly count: string;
  /** Aggregate over rows of the level below, called `s`. */
  readonly merge: string;
}

export interface Rollup {
  readonly name: RollupName;
  readonly rawTable: string;
  /** With the service, the leading key of raw table, rollups and marks. */
  readonly subject: string;
  /** All dimensions but bucket_end, in the order of the tables. */
  readonly dimensions: readonly string[];
  /** The dimensions as they come from raw rows, where that is not the column itself. */
  readonly fromRaw: Readonly<Record<string, string>>;
  /** Rows to count from, given a condition on raw rows: the raw rows, or an aggregate per instance of them. */
  readonly raw: (where: string) => string;
  readonly measures: readonly Measure[];
}

const sum = (name: string, column = name): Measure => ({ name, count: `sum(s.${column})`, merge: `sum(s.${name})` });
const sumOf = (name: string, expression: string): Measure => ({ name, count: expression, merge: `sum(s.${name})` });
const bins = (name: string, count: string): Measure => ({ name, count, merge: `sumMap(s.${name})` });
const rawRows = (table: string) => (where: string) => `(SELECT * FROM ${table} FINAL WHERE ${where})`;

const COUNTERS = [
  'hits',
  'stale_hits',
  'misses',
  'negative_hits',
  'errors',
  'loads',
  'load_errors',
  'writes',
  'evicted',
  'expired',
  'invalidated',
  'replaced',
  'rejected',
  'cleared',
  'refreshes_changed',
  'refreshes_unchanged',
  'cost_saved_ns',
  'ghost_hits',
];
const GAUGES = ['entries', 'bytes', 'max_entries', 'max_bytes'];
const HISTOGRAM_PARTS = ['count', 'sum', 'zero'];
const CACHE_DIMENSIONS = ['service', 'cache', 'tier', 'service_version', 'platform'];
const cacheHistograms = ['get', 'load', 'write_size', 'age_at_hit', 'time_to_eviction', 'age_at_refresh'];

/**
 * When an event was, as one number: time, sequence, index. Comparing them as a tuple took half of the time of the cache's
 * recount. A sequence is a safe integer and has 53 bits.
 */
const orderOf = (row: string) =>
  `bitOr(bitShiftLeft(toUInt128(toUnixTimestamp64Milli(${row}.time)), 85), bitOr(bitShiftLeft(toUInt128(${row}.sequence), 32), ${row}.idx))`;

const cache: Rollup = {
  name: 'cache',
  rawTable: 'cache_windows',
  subject: 'cache',
  dimensions: CACHE_DIMENSIONS,
  fromRaw: {},
  // Levels (entries, bytes …) add up over instances, but not over the windows of one: first per instance, then all.
  raw: (where) => `(
    SELECT ${CACHE_DIMENSIONS.join(', ')}, bucket_end,
      count() AS windows, max(e.window_ms) AS resolution_ms, sum(e.row_version) AS row_version,
      ${COUNTERS.map((name) => `sum(e.${name}) AS ${name}`).join(', ')},
      ${GAUGES.map((name) => `argMax(e.${name}, ${orderOf('e')}) AS ${name}_last, max(e.${name}) AS ${name}_highest`).join(', ')},
      ${cacheHistograms.map((name) => `${HISTOGRAM_PARTS.map((part) => `sum(e.${name}_${part}) AS ${name}_${part}`).join(', ')}, sumMap(e.${name}_bins) AS ${name}_bins`).join(', ')}
    FROM cache_windows AS e FINAL
    WHERE ${where}
    GROUP BY ${CACHE_DIMENSIONS.join(', ')}, bucket_end, e.instance
  )`,
  measures: [
    sum('windows'),
    { name: 'resolution_ms', count: 'max(s.resolution_ms)', merge: 'max(s.resolution_ms)' },
    ...COUNTERS.map((name) => sum(name)),
    ...GAUGES.flatMap((name) => [
      { name: `${name}_last`, count: `sum(s.${name}_last)`, merge: `argMax(s.${name}_last, s.bucket_end)` },
      { name: `${name}_highest`, count: `sum(s.${name}_highest)`, merge: `max(s.${name}_highest)` },
    ]),
    ...cacheHistograms.flatMap((name) => [
      ...HISTOGRAM_PARTS.map((part) => sum(`${name}_${part}`)),
      bins(`${name}_bins`, `sumMap(s.${name}_bins)`),
    ]),
  ],
};

const durations = (name: string, column: string): Measure[] => [
  sumOf(`${name}_count`, `toUInt64(count(s.${column}))`),
  sumOf(`${name}_sum`, `toUInt64(ifNull(sum(s.${column}), 0))`),
  sumOf(`${name}_zero`, `toUInt64(countIf(s.${column} = 0))`),
  bins(`${name}_bins`, `sumMapIf(map(assumeNotNull(${binSql(`s.${column}`)}), toUInt64(1)), s.${column} > 0)`),
];

const loads: Rollup = {
  name: 'loads',
  rawTable: 'load_events',
  subject: 'resource',
  dimensions: ['service', 'resource', 'source', 'priority', 'trigger', 'outcome', 'service_version', 'platform'],
  fromRaw: {},
  raw: rawRows('load_events'),
  measures: [
    sumOf('loads', 'count()'),
    sum('bytes'),
    sum('attempts'),
    sum('stalls'),
    sum('stalled_ns'),
    sumOf('prefetch_used', "countIf(s.prefetch = 'used')"),
    sumOf('prefetch_wasted', "countIf(s.prefetch = 'wasted')"),
    ...durations('queued', 'queued_ns'),
    ...durations('first_byte', 'first_byte_ns'),
    ...durations('total', 'total_ns'),
  ],
};

const metrics: Rollup = {
  name: 'metrics',
  rawTable: 'metric_events',
  subject: 'name',
  dimensions: ['service', 'name', 'type', 'series', 'labels', 'service_version', 'platform', 'instance'],
  fromRaw: {
    series: 'toString(s.labels)',
    // A level belongs to one instance; what is counted adds up over all of them.
    instance: "if(s.type IN ('gauge', 'total'), toString(s.instance), '')",
  },
  raw: rawRows('metric_events'),
  measures: [
    sumOf('samples', 'count()'),
    sum('value_sum', 'value'),
    { name: 'value_min', count: 'min(s.value)', merge: 'min(s.value_min)' },
    { name: 'value_max', count: 'max(s.value)', merge: 'max(s.value_max)' },
    {
      name: 'value_first',
      count: `argMin(s.value, ${orderOf('s')})`,
      merge: 'argMin(s.value_first, s.first_time)',
    },
    {
      name: 'value_last',
      count: `argMax(s.value, ${orderOf('s')})`,
      merge: 'argMax(s.value_last, s.last_time)',
    },
    { name: 'first_time', count: 'min(s.time)', merge: 'min(s.first_time)' },
    { name: 'last_time', count: 'max(s.time)', merge: 'max(s.last_time)' },
    ...HISTOGRAM_PARTS.map((part) => sum(`histogram_${part}`)),
    bins('histogram_bins', 'sumMap(s.histogram_bins)'),
  ],
};

export const ROLLUP: Readonly<Record<RollupName, Rollup>> = { cache, loads, metrics };

/** What each level is counted from. */
export const BELOW: Readonly<Record<Level, Level | undefined>> = { '10s': undefined, '1m': '10s', '1h': '1m' };

export function rollupTable(rollup: RollupName, level: Level): string {
  return `${rollup}_${level}`;
}

/** The columns of a rollup table, in its order. */
export function rollupColumns({ dimensions, measures }: Rollup): string[] {
  return [...dimensions, 'bucket_end', ...measures.map(({ name }) => name), 'version'];
}

/** SELECT that counts 10 s buckets from raw events that meet a condition. */
export function countRaw(rollup: Rollup, where: string): string {
  const dimensions = rollup.dimensions.map((name) => `${rollup.fromRaw[name] ?? `s.${name}`} AS ${name}`);
  const measures = rollup.measures.map(({ name, count }) => `${count} AS ${name}`);
  return `SELECT ${[...dimensions, 's.bucket_end AS bucket_end', ...measures, 'sum(s.row_version) AS version'].join(', ')}
  FROM ${rollup.raw(where)} AS s
  GROUP BY ${rollup.dimensions.join(', ')}, bucket_end`;
}

/** SELECT that counts buckets of a level from any rows shaped like a finer one. `source` is a subquery in brackets. */
export function mergeFiner(rollup: Rollup, level: Level, source: string): string {
  const dimensions = rollup.dimensions.map((name) => `s.${name} AS ${name}`);
  const measures = rollup.measures.map(({ name, merge }) => `${merge} AS ${name}`);
  return `SELECT ${[...dimensions, `${coarserBucket(level, 's.bucket_end')} AS bucket_end`, ...measures, 'sum(s.version) AS version'].join(', ')}
  FROM ${source} AS s
  GROUP BY ${rollup.dimensions.join(', ')}, bucket_end`;
}

/** The end of the bucket of a level that the bucket ending at `end` belongs to. Buckets are half-open, stamped with their end. */
export function coarserBucket(level: Level, end: string): string {
  const seconds = LEVEL_MS[level] / 1_000;
  return `toDateTime(intDiv(toUInt32(${end}) - 1, ${seconds}) * ${seconds} + ${seconds}, 'UTC')`;
}
