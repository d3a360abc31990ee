import { eventBucketEnd } from './buckets.js';
import type { HistogramData } from './events/histogram.js';
import { eventTime, type Event, type EventKind, type EventOf } from './events/kinds.js';
import type { Emitter } from './events/batch.js';

/** What a row knows besides its event. A row is a pure function of the record: nothing here depends on when it is written. */
export interface RowContext {
  readonly emitter: Emitter;
  readonly sequence: number;
  /** Position in the emitter's own bytes. */
  readonly index: number;
}

/** ClickHouse types that rows use; the row encoder in libs/clickhouse knows each of them. */
export type ColumnType =
  | 'LowCardinality(String)'
  | 'String'
  | 'UUID'
  | 'UInt8'
  | 'UInt16'
  | 'UInt32'
  | 'UInt64'
  | 'Int64'
  | 'Float64'
  | "DateTime('UTC')"
  | "DateTime64(3, 'UTC')"
  | 'Nullable(UInt64)'
  | 'Nullable(Float64)'
  | 'Map(LowCardinality(String), String)'
  | 'Map(LowCardinality(String), UInt64)'
  | 'Map(Int16, UInt64)'
  | 'Array(UInt32)';

/**
 * A value as the encoder takes it: DateTime in epoch seconds, DateTime64(3) in epoch milliseconds, UUID as text,
 * integers as number or bigint, a map as a flat list `[k, v, k, v …]`.
 */
export type ColumnValue = string | number | bigint | null | readonly (string | number | bigint)[];

export interface Column<Row> {
  readonly name: string;
  readonly type: ColumnType;
  readonly value: (row: Row, context: RowContext) => ColumnValue;
}

/** Where the rows of one kind of event go. */
export interface EventTable<Kind extends EventKind = EventKind> {
  readonly kind: Kind;
  /** Raw events, ReplacingMergeTree(row_version) with the identity at the end of its sorting key. */
  readonly table: string;
  /** Name of the rollups (`cache` → cache_10s, cache_1m, cache_1h), or undefined when the kind has none. */
  readonly rollup?: 'cache' | 'loads' | 'metrics';
  /** With the service, the leading key of the table and of its touch marks. */
  readonly subject: (event: EventOf<Kind>) => string;
  readonly columns: readonly Column<EventOf<Kind>>[];
}

const zero = { count: 0, sum: 0, bins: [] as number[] } as const;
const histogram = <Row>(prefix: string, of: (row: Row) => HistogramData | undefined): Column<Row>[] => [
  { name: `${prefix}_count`, type: 'UInt64', value: (row) => (of(row) ?? zero).count },
  { name: `${prefix}_sum`, type: 'UInt64', value: (row) => Math.round((of(row) ?? zero).sum) },
  { name: `${prefix}_zero`, type: 'UInt64', value: (row) => of(row)?.zero ?? 0 },
  { name: `${prefix}_bins`, type: 'Map(Int16, UInt64)', value: (row) => (of(row) ?? zero).bins },
];

/** The columns that every raw table ends with: when, which bucket, and the identity. */
const common = <Kind extends EventKind>(): Column<EventOf<Kind>>[] => [
  { name: 'service', type: 'LowCardinality(String)', value: (_, { emitter }) => emitter.service },
  { name: 'service_version', type: 'LowCardinality(String)', value: (_, { emitter }) => emitter.version },
  { name: 'platform', type: 'LowCardinality(String)', value: (_, { emitter }) => emitter.platform ?? '' },
  { name: 'time', type: "DateTime64(3, 'UTC')", value: (event) => eventTime(event as Event) },
  { name: 'bucket_end', type: "DateTime('UTC')", value: (event) => eventBucketEnd(event as Event) / 1_000 },
  { name: 'instance', type: 'UUID', value: (_, { emitter }) => emitter.instance },
  { name: 'sequence', type: 'UInt64', value: (_, { sequence }) => sequence },
  { name: 'idx', type: 'UInt32', value: (_, { index }) => index },
  { name: 'row_version', type: 'UInt64', value: () => 1 },
];

const cacheWindows: EventTable<'cache.window'> = {
  kind: 'cache.window',
  table: 'cache_windows',
  rollup: 'cache',
  subject: (event) => event.cache,
  columns: [
    { name: 'cache', type: 'LowCardinality(String)', value: (e) => e.cache },
    { name: 'tier', type: 'LowCardinality(String)', value: (e) => e.tier },
    { name: 'window_ms', type: 'UInt32', value: (e) => e.windowMs },
    { name: 'hits', type: 'UInt64', value: (e) => e.requests.hit ?? 0 },
    { name: 'stale_hits', type: 'UInt64', value: (e) => e.requests.stale ?? 0 },
    { name: 'misses', type: 'UInt64', value: (e) => e.requests.miss ?? 0 },
    { name: 'negative_hits', type: 'UInt64', value: (e) => e.requests.negative ?? 0 },
    { name: 'errors', type: 'UInt64', value: (e) => e.requests.error ?? 0 },
    { name: 'loads', type: 'UInt64', value: (e) => e.loads ?? 0 },
    { name: 'load_errors', type: 'UInt64', value: (e) => e.loadErrors ?? 0 },
    { name: 'writes', type: 'UInt64', value: (e) => e.writes ?? 0 },
    { name: 'evicted', type: 'UInt64', value: (e) => e.removals?.evicted ?? 0 },
    { name: 'expired', type: 'UInt64', value: (e) => e.removals?.expired ?? 0 },
    { name: 'invalidated', type: 'UInt64', value: (e) => e.removals?.invalidated ?? 0 },
    { name: 'replaced', type: 'UInt64', value: (e) => e.removals?.replaced ?? 0 },
    { name: 'rejected', type: 'UInt64', value: (e) => e.removals?.rejected ?? 0 },
    { name: 'cleared', type: 'UInt64', value: (e) => e.removals?.cleared ?? 0 },
    { name: 'refreshes_changed', type: 'UInt64', value: (e) => e.refreshes?.changed ?? 0 },
    { name: 'refreshes_unchanged', type: 'UInt64', value: (e) => e.refreshes?.unchanged ?? 0 },
    { name: 'cost_saved_ns', type: 'UInt64', value: (e) => e.costSavedNs ?? 0 },
    { name: 'ghost_hits', type: 'UInt64', value: (e) => e.ghostHits ?? 0 },
    { name: 'entries', type: 'Nullable(UInt64)', value: (e) => e.entries ?? null },
    { name: 'bytes', type: 'Nullable(UInt64)', value: (e) => e.bytes ?? null },
    { name: 'max_entries', type: 'Nullable(UInt64)', value: (e) => e.maxEntries ?? null },
    { name: 'max_bytes', type: 'Nullable(UInt64)', value: (e) => e.maxBytes ?? null },
    ...histogram<EventOf<'cache.window'>>('get', (e) => e.getDuration),
    ...histogram<EventOf<'cache.window'>>('load', (e) => e.loadDuration),
    ...histogram<EventOf<'cache.window'>>('write_size', (e) => e.writeSize),
    ...histogram<EventOf<'cache.window'>>('age_at_hit', (e) => e.ageAtHit),
    ...histogram<EventOf<'cache.window'>>('time_to_eviction', (e) => e.timeToEviction),
    ...histogram<EventOf<'cache.window'>>('age_at_refresh', (e) => e.ageAtRefresh),
    ...common<'cache.window'>(),
  ],
};

const cacheAccesses: EventTable<'cache.access'> = {
  kind: 'cache.access',
  table: 'cache_accesses',
  subject: (event) => event.cache,
  columns: [
    { name: 'cache', type: 'LowCardinality(String)', value: (e) => e.cache },
    { name: 'tier', type: 'LowCardinality(String)', value: (e) => e.tier ?? '' },
    { name: 'key_hash', type: 'UInt64', value: (e) => BigInt(`0x${e.keyHash}`) },
    { name: 'operation', type: 'LowCardinality(String)', value: (e) => e.operation },
    { name: 'result', type: 'LowCardinality(String)', value: (e) => e.result },
    { name: 'bytes', type: 'Nullable(UInt64)', value: (e) => e.bytes ?? null },
    { name: 'cost_ns', type: 'Nullable(UInt64)', value: (e) => e.costNs ?? null },
    { name: 'age_ms', type: 'Nullable(UInt64)', value: (e) => e.ageMs ?? null },
    { name: 'ttl_ms', type: 'Nullable(UInt64)', value: (e) => e.ttlMs ?? null },
    { name: 'rate', type: 'Float64', value: (e) => e.rate },
    ...common<'cache.access'>(),
  ],
};

const cacheChanges: EventTable<'cache.change'> = {
  kind: 'cache.change',
  table: 'cache_changes',
  subject: (event) => event.cache,
  columns: [
    { name: 'cache', type: 'LowCardinality(String)', value: (e) => e.cache },
    { name: 'tier', type: 'LowCardinality(String)', value: (e) => e.tier ?? '' },
    { name: 'change', type: 'LowCardinality(String)', value: (e) => e.change },
    { name: 'changed_by', type: 'LowCardinality(String)', value: (e) => e.by },
    { name: 'entries', type: 'Nullable(UInt64)', value: (e) => e.entries ?? null },
    { name: 'bytes', type: 'Nullable(UInt64)', value: (e) => e.bytes ?? null },
    {
      name: 'settings',
      type: 'Map(LowCardinality(String), String)',
      value: (e) => sortedPairs(e.settings ?? {}).flatMap(([name, value]) => [name, String(value)]),
    },
    { name: 'revision', type: 'Nullable(UInt64)', value: (e) => e.revision ?? null },
    ...common<'cache.change'>(),
  ],
};

const loads: EventTable<'load.finished'> = {
  kind: 'load.finished',
  table: 'load_events',
  rollup: 'loads',
  subject: (event) => event.resource,
  columns: [
    { name: 'resource', type: 'LowCardinality(String)', value: (e) => e.resource },
    { name: 'resource_hash', type: 'UInt64', value: (e) => BigInt(`0x${e.resourceHash ?? '0'}`) },
    { name: 'source', type: 'LowCardinality(String)', value: (e) => e.source },
    { name: 'priority', type: 'LowCardinality(String)', value: (e) => e.priority },
    { name: 'trigger', type: 'LowCardinality(String)', value: (e) => e.trigger },
    { name: 'outcome', type: 'LowCardinality(String)', value: (e) => e.outcome },
    { name: 'queued_ns', type: 'UInt64', value: (e) => e.queuedNs },
    { name: 'first_byte_ns', type: 'Nullable(UInt64)', value: (e) => e.firstByteNs ?? null },
    { name: 'total_ns', type: 'UInt64', value: (e) => e.totalNs },
    { name: 'bytes', type: 'UInt64', value: (e) => e.bytes },
    { name: 'attempts', type: 'UInt32', value: (e) => Math.min(e.attempts, 0xffff_ffff) },
    { name: 'stalls', type: 'UInt32', value: (e) => Math.min(e.stalls ?? 0, 0xffff_ffff) },
    { name: 'stalled_ns', type: 'UInt64', value: (e) => e.stalledNs ?? 0 },
    { name: 'predicted_ns', type: 'Nullable(UInt64)', value: (e) => e.predictedNs ?? null },
    { name: 'prefetch', type: 'LowCardinality(String)', value: (e) => e.prefetch ?? '' },
    ...common<'load.finished'>(),
  ],
};

const loadStalls: EventTable<'load.stalled'> = {
  kind: 'load.stalled',
  table: 'load_stalls',
  subject: (event) => event.resource,
  columns: [
    { name: 'resource', type: 'LowCardinality(String)', value: (e) => e.resource },
    { name: 'resource_hash', type: 'UInt64', value: (e) => BigInt(`0x${e.resourceHash ?? '0'}`) },
    { name: 'source', type: 'LowCardinality(String)', value: (e) => e.source },
    { name: 'priority', type: 'LowCardinality(String)', value: (e) => e.priority },
    { name: 'elapsed_ns', type: 'UInt64', value: (e) => e.elapsedNs },
    { name: 'since_progress_ns', type: 'UInt64', value: (e) => e.sinceProgressNs },
    { name: 'bytes', type: 'UInt64', value: (e) => e.bytes },
    ...common<'load.stalled'>(),
  ],
};

const metrics: EventTable<'metric'> = {
  kind: 'metric',
  table: 'metric_events',
  rollup: 'metrics',
  subject: (event) => event.name,
  columns: [
    { name: 'name', type: 'LowCardinality(String)', value: (e) => e.name },
    { name: 'type', type: 'LowCardinality(String)', value: (e) => e.type },
    {
      name: 'labels',
      type: 'Map(LowCardinality(String), String)',
      value: (e) => sortedPairs(e.labels ?? {}).flatMap(([name, value]) => [name, value]),
    },
    { name: 'window_ms', type: 'UInt32', value: (e) => e.windowMs ?? 0 },
    { name: 'value', type: 'Float64', value: (e) => e.value ?? 0 },
    { name: 'histogram_count', type: 'UInt64', value: (e) => e.histogram?.count ?? 0 },
    { name: 'histogram_sum', type: 'Float64', value: (e) => e.histogram?.sum ?? 0 },
    { name: 'histogram_zero', type: 'UInt64', value: (e) => e.histogram?.zero ?? 0 },
    { name: 'histogram_bins', type: 'Map(Int16, UInt64)', value: (e) => e.histogram?.bins ?? [] },
    ...common<'metric'>(),
  ],
};

/** Every kind with its table, its leading key and its columns in the order of the table. */
export const EVENT_TABLES: { readonly [Kind in EventKind]: EventTable<Kind> } = {
  'cache.window': cacheWindows,
  'cache.access': cacheAccesses,
  'cache.change': cacheChanges,
  'load.finished': loads,
  'load.stalled': loadStalls,
  metric: metrics,
};

/** Labels in one canonical order, so that one series is one row whatever order an emitter wrote them in. */
function sortedPairs<Value>(record: Readonly<Record<string, Value>>): [string, Value][] {
  return Object.entries(record).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
}
