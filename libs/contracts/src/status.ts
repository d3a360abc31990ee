import Type, { type Static } from 'typebox';
import { Count, EpochMs } from './primitives.js';

const Nullable = <Schema extends Type.TSchema>(schema: Schema, options: { readonly description?: string } = {}) =>
  Type.Union([schema, Type.Null()], options);
const PerSecond = (description: string) => Type.Number({ minimum: 0, description });

/** One step of the pipeline, as the last look at it went. */
const Step = (description: string) =>
  Type.Object(
    { ok: Type.Boolean(), detail: Type.String({ description: 'In words: what was found, or what is wrong.' }) },
    { description },
  );

const UNTOLD = { description: 'Null while no aggregator has told.' };
const UNREAD = { description: 'Null until it was read once; the last reading stays when a later one fails.' };

const UNREAD_RATES = {
  description:
    'Over the last 5 s, or between the last two looks. Null until log and database were read once; a step that fails leaves the last reading.',
};

export const StatusPartition = Type.Object({
  partition: Type.Integer({ minimum: 0 }),
  earliest: Count('The oldest offset still held.'),
  next: Count('The offset that the next record gets.'),
  committed: Nullable(Count('The next offset the aggregator reads; null when it has not committed yet.')),
  lag: Count('Records that are not in ClickHouse yet.'),
  watermark: Nullable(EpochMs('Event time up to which this partition is in ClickHouse.')),
  silent: Nullable(
    Type.Boolean({ description: 'No emitter was heard in the last 30 s: nothing new comes of it.' }),
    UNTOLD,
  ),
  idle: Nullable(
    Type.Boolean({
      description: 'It is silent, and no bucket of it waits to be recounted: it holds no boundary of answers up.',
    }),
    UNTOLD,
  ),
});
export type StatusPartition = Static<typeof StatusPartition>;

/** Answer of `GET /v1/status`, and each event of `GET /v1/status/stream`. */
export const PipelineStatus = Type.Object({
  at: EpochMs('When the parts were read.'),
  startedAt: EpochMs('When this API started.'),
  sql: Type.Object({
    port: Nullable(Type.Integer({ description: 'Port of SQL for people; null where it has none.' })),
  }),
  steps: Type.Object({ log: Step('The log answers.'), clickhouse: Step('ClickHouse answers.') }),
  rates: Nullable(
    Type.Object({
      recordsPerSecond: PerSecond('Batches appended to the log, counted exactly.'),
      acceptedPerSecond: PerSecond(
        'Events appended to the log. Those of a record are known once it is inserted: one that waits counts as the mean of the last seconds, or, when nothing came in, of what came before.',
      ),
      insertedPerSecond: PerSecond('Events inserted into ClickHouse, counted exactly.'),
    }),
    UNREAD_RATES,
  ),
  log: Type.Object({
    lag: Nullable(Count('Records that are not in ClickHouse yet, over all partitions.'), UNREAD),
    partitions: Type.Array(StatusPartition),
  }),
  watermark: Type.Object({
    time: Nullable(
      EpochMs(
        'Answers are complete up to here: the least of the partitions in which an emitter was heard in the last 30 s, or records wait. Null when there is none, or one of them has none yet.',
      ),
    ),
    ageMs: Nullable(Type.Number({ description: 'How far it is behind now.' })),
  }),
  settled: Type.Object(
    {
      '10s': Nullable(EpochMs('10 s buckets up to here are final.')),
      '1m': Nullable(EpochMs('1 min buckets up to here are final.')),
      '1h': Nullable(EpochMs('1 h buckets up to here are final.')),
    },
    {
      description: 'Bucket ends up to which every bucket has been recounted; later ones are answered from raw events.',
    },
  ),
  totals: Nullable(
    Type.Object({
      events: Count('Events held as raw rows.'),
      byKind: Type.Record(Type.String(), Count('Events of this kind held as raw rows.')),
      exact: Type.Boolean({
        description: 'False when there are so many that repeats not merged yet were counted too.',
      }),
    }),
    UNREAD,
  ),
  cache: Nullable(
    Type.Object(
      {
        requests: Count('Requests to any cache, each once, however many tiers it asked.'),
        hits: Count('Found in some tier, and fresh.'),
        staleHits: Count('Found past its freshness and answered all the same.'),
        misses: Count('Answered by no tier.'),
        negativeHits: Count('Found the remembered absence of a value.'),
        errors: Count('How often a tier failed; the request goes on to the next one.'),
        hitRatio: Nullable(
          Type.Number({
            minimum: 0,
            maximum: 1,
            description: '(hits + staleHits + negativeHits) / requests; null without requests.',
          }),
        ),
      },
      { description: 'Over all caches and everything that is kept, read together with the totals.' },
    ),
    UNREAD,
  ),
  audit: Type.Object({
    checked: Nullable(
      Count(
        'Events compared, over all scopes. 0: there was nothing to compare. Null while a part of it is not checked.',
      ),
    ),
    lost: Nullable(
      Count('Events that the log has and ClickHouse lacks. A promise: 0. Null while a part of it is not checked.'),
    ),
    duplicated: Nullable(Count('Events counted twice. A promise: 0. Null while a part of it is not checked.')),
    checkedAt: Nullable(EpochMs('When the audit last worked, by the scope that waits longest.')),
    checkedThrough: Nullable(
      EpochMs(
        'Time up to which every scope is checked by who checks it now. It goes back when a restart begins anew, and when late events come. Null while there was nothing to compare.',
      ),
    ),
    minutesThrough: Nullable(
      EpochMs(
        'Time up to which all but the 1 h buckets was checked, restarts notwithstanding: what was found stands until it is looked at again. Null as above.',
      ),
    ),
    hoursThrough: Nullable(EpochMs('The same of the 1 h buckets, of which a new one settles once an hour.')),
    lastFullCheckAt: Nullable(EpochMs('When it last finished a rotation over everything.')),
  }),
  deadLetters: Nullable(Count('Events that were not accepted, kept to be mended and replayed.'), UNREAD),
  storage: Nullable(
    Type.Object({
      parts: Count('Active parts of all tables.'),
      bytes: Count('Bytes on disk of all tables.'),
    }),
    UNREAD,
  ),
});
export type PipelineStatus = Static<typeof PipelineStatus>;

/** A point of the recent past, for a line chart. */
export const StatusPoint = Type.Object({
  at: EpochMs('When it was measured.'),
  acceptedPerSecond: PerSecond('Events appended to the log, as in the rates of the status.'),
  insertedPerSecond: PerSecond('Events inserted into ClickHouse, counted exactly.'),
});
export type StatusPoint = Static<typeof StatusPoint>;
