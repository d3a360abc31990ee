import {
  BELOW,
  countRaw,
  mergeFiner,
  ROLLUP,
  ROLLUPS,
  rollupColumns,
  rollupTable,
  settledEverywhere,
  type ClickHouse,
  type RollupName,
} from '#libs/clickhouse';
import { LEVEL_MS, LEVELS, type Column, type Level } from '#libs/contracts';
import { BATCH_COLUMNS, DEAD_LETTER_COLUMNS, type BatchRow, type DeadLetterRow } from './insert/bookkeeping.js';
import type { Clock } from '#libs/time';
import type { TableBytes } from './insert/block.js';
import { identityKey, isLetterHash, type KnownBatch } from './insert/identity.js';
import { persist } from './persist.js';
import { FRESH, type PartitionState, type Restored } from './progress/partition-state.js';
import { NOTHING_SETTLED, type Settled } from './progress/settled.js';
import type { Mark } from './recount/mark-book.js';

/**
 * The revision of `raw_from` is its own time, so that the later one wins, whoever writes it in whatever order. Each time
 * it was healed adds this much: more than any time in ms.
 */
const HEALED_REVISION = 1e13;

/** The row of `meta` with what retention has seen of the clock. */
const RETENTION_CLOCK = 'retention_clock';

interface MetaRow {
  readonly value: string;
  readonly revision: string | number;
}

/** What the aggregator writes to and reads from ClickHouse, in its own terms. */
export class AggregatorStore {
  constructor(
    private readonly clickhouse: ClickHouse,
    private readonly clock: Clock,
  ) {}

  insertEvents({ table, columnList, bytes }: TableBytes): Promise<void> {
    return persist(this.clock, () => this.clickhouse.insertBytes(table, columnList, bytes));
  }

  insertBatches(rows: readonly BatchRow[]): Promise<void> {
    return persist(this.clock, () => this.clickhouse.insertRows('batches', BATCH_COLUMNS, rows));
  }

  insertDeadLetters(rows: readonly DeadLetterRow[]): Promise<void> {
    return persist(this.clock, () => this.clickhouse.insertRows('dead_letters', DEAD_LETTER_COLUMNS, rows));
  }

  insertMarks(marks: readonly Mark[], consumed: boolean): Promise<void> {
    return persist(this.clock, () => this.clickhouse.insertRows('marks', markColumns(consumed), marks));
  }

  /**
   * Of each identity the records that are known. `merged` asks for the one row that counts of each, at some cost; to
   * decide what to insert, rows that are there twice do no harm.
   */
  async knownBatches(
    identities: readonly { instance: string; sequence: number }[],
    { merged = false }: { merged?: boolean } = {},
  ): Promise<Map<string, readonly KnownBatch[]>> {
    const known = new Map<string, KnownBatch[]>();
    if (identities.length === 0) return known;
    const list = identities.map(({ instance, sequence }) => `(${text(instance)}, ${integer(sequence)})`).join(', ');
    const rows = await this.clickhouse.query<{
      instance: string;
      sequence: string;
      place: string;
      hash: string;
      events: number;
      indexes: number[];
    }>(
      `SELECT toString(b.instance) AS instance, toString(b.sequence) AS sequence, toString(b.offset) AS place,
         b.hash AS hash, b.events AS events, b.indexes AS indexes
       FROM batches AS b${merged ? ' FINAL' : ''} WHERE (b.instance, b.sequence) IN (${list})`,
    );
    for (const { instance, sequence, place, hash, events, indexes } of rows) {
      const key = identityKey(instance, Number(sequence));
      const batch = { offset: BigInt(place), hash, letter: isLetterHash(hash), events, indexes };
      const others = known.get(key);
      if (others === undefined) known.set(key, [batch]);
      else others.push(batch);
    }
    return known;
  }

  async openMarks(partition: number): Promise<Mark[]> {
    return this.clickhouse.query<Mark>(
      `SELECT level, rollup, service, subject, toUnixTimestamp(bucket_end) AS bucketEnd, partition, touch
       FROM marks FINAL WHERE partition = {partition:UInt32} AND consumed = 0`,
      { partition },
    );
  }

  /** What was last written of a partition's progress. */
  async restored(partition: number): Promise<Restored & { readonly committed: bigint }> {
    const [row] = await this.clickhouse.query<{
      watermark: string | number;
      s10: number;
      s60: number;
      s3600: number;
      revision: string;
      committed: string;
      silent: number;
      idle: number;
    }>(
      `SELECT toUnixTimestamp64Milli(p.watermark) AS watermark, toUnixTimestamp(settled_10s) AS s10,
         toUnixTimestamp(settled_1m) AS s60, toUnixTimestamp(settled_1h) AS s3600, toString(revision) AS revision,
         toString(p.committed) AS committed, silent, idle
       FROM progress AS p FINAL WHERE partition = {partition:UInt32}`,
      { partition },
    );
    if (row === undefined) return { ...FRESH, committed: 0n };
    return {
      watermark: Number(row.watermark),
      settled: { '10s': row.s10, '1m': row.s60, '1h': row.s3600 },
      revision: BigInt(row.revision),
      committed: BigInt(row.committed),
      silent: row.silent === 1,
      idle: row.idle === 1,
    };
  }

  /** How far all partitions that are not idle are settled, as the views have it: seconds since 1970. */
  async settledEverywhere(): Promise<Settled> {
    const columns = LEVELS.map((level) => `toUnixTimestamp(${settledEverywhere(level)}) AS \`${level}\``);
    const [row] = await this.clickhouse.query<Settled>(`SELECT ${columns.join(', ')} FROM progress FINAL`);
    return row ?? NOTHING_SETTLED;
  }

  /** Buckets with open marks, the earliest first; ms since 1970. */
  async openBuckets(): Promise<number[]> {
    const rows = await this.clickhouse.query<{ at: string | number }>(
      'SELECT DISTINCT toUnixTimestamp(bucket_end) AS at FROM marks FINAL WHERE consumed = 0 ORDER BY at LIMIT 10000',
    );
    return rows.map(({ at }) => Number(at) * 1_000);
  }

  /** When the newest batch that is known was accepted, over all partitions, ms since 1970; 0 when none is. */
  async newestAccept(): Promise<number> {
    const [row] = await this.clickhouse.query<{ at: string | number }>(
      `SELECT toUnixTimestamp64Milli(max(b.accepted_at)) AS at FROM batches AS b
       WHERE b.accepted_day = (SELECT max(accepted_day) FROM batches)`,
    );
    return Number(row?.at ?? 0);
  }

  /** The end of the newest bucket that anything here was counted in, ms since 1970; 0 when nothing was. */
  async newestBucket(): Promise<number> {
    const tables = ROLLUPS.flatMap((name) => LEVELS.map((level) => rollupTable(name, level)));
    const ends = tables.map((table) => `SELECT max(bucket_end) AS at FROM ${table}`);
    const [row] = await this.clickhouse.query<{ at: string | number }>(
      `SELECT toUnixTimestamp(max(at)) AS at FROM (${[...ends, 'SELECT max(latest_bucket) AS at FROM batches'].join(' UNION ALL ')})`,
    );
    return Number(row?.at ?? 0) * 1_000;
  }

  /** Names of the partitions that a table has. */
  async partitionsOf(table: string): Promise<string[]> {
    const rows = await this.clickhouse.query<{ partition: string }>(
      'SELECT DISTINCT partition FROM system.parts WHERE active AND database = {database:String} AND table = {table:String}',
      { database: this.clickhouse.database, table },
    );
    return rows.map(({ partition }) => partition);
  }

  /** Raw events up to here are gone, ms since 1970; 0 while everything is kept. */
  async rawFrom(): Promise<number> {
    return (await this.#rawFrom()).ms;
  }

  /** Gives up raw events up to here; what is given up already stays given up, whoever is late with its word. */
  async advanceRawFrom(ms: number): Promise<void> {
    const { healed } = await this.#rawFrom();
    await this.#writeRawFrom(ms, healed);
  }

  /** Takes back a `raw_from` that was wrong: from now on this one counts, although it is less. */
  async healRawFrom(ms: number): Promise<void> {
    const { healed } = await this.#rawFrom();
    await this.#writeRawFrom(ms, healed + 1);
  }

  async #rawFrom(): Promise<{ ms: number; healed: number }> {
    const row = await this.#meta('raw_from');
    if (row === undefined) return { ms: 0, healed: 0 };
    const healed = Math.floor(Number(row.revision) / HEALED_REVISION);
    return { ms: Date.parse(`${row.value.replace(' ', 'T')}Z`), healed };
  }

  #writeRawFrom(ms: number, healed: number): Promise<void> {
    const value = new Date(ms).toISOString().slice(0, 19).replace('T', ' ');
    return this.#writeMeta('raw_from', value, healed * HEALED_REVISION + ms);
  }

  /** What retention wrote of the clock that it watches; undefined before the first time. */
  async retentionClock(): Promise<string | undefined> {
    return (await this.#meta(RETENTION_CLOCK))?.value;
  }

  /** The last word counts, whoever has it. */
  async writeRetentionClock(value: string): Promise<void> {
    const before = await this.#meta(RETENTION_CLOCK);
    await this.#writeMeta(RETENTION_CLOCK, value, Number(before?.revision ?? 0) + 1);
  }

  async #meta(name: string): Promise<MetaRow | undefined> {
    const rows = await this.clickhouse.query<MetaRow>(
      'SELECT value, revision FROM meta FINAL WHERE name = {name:String}',
      { name },
    );
    return rows[0];
  }

  #writeMeta(name: string, value: string, revision: number): Promise<void> {
    const columns: readonly Column<MetaRow>[] = [
      { name: 'name', type: 'String', value: () => name },
      { name: 'value', type: 'String', value: (row) => row.value },
      { name: 'revision', type: 'UInt64', value: (row) => Number(row.revision) },
    ];
    return persist(this.clock, () => this.clickhouse.insertRows('meta', columns, [{ value, revision }]));
  }

  writeProgress(states: readonly PartitionState[], nowMs: number): Promise<void> {
    return persist(this.clock, () => this.clickhouse.insertRows('progress', progressColumns(nowMs), states));
  }

  /** Counts 10 s buckets anew from raw events, or buckets of a level from the level below. Whole buckets, always. */
  async recount(level: Level, rollupName: RollupName, marks: readonly Mark[]): Promise<void> {
    const rollup = ROLLUP[rollupName];
    const below = BELOW[level];
    const where = bucketsCondition(rollup.subject, level, marks);
    const select =
      below === undefined
        ? countRaw(rollup, where)
        : mergeFiner(rollup, level, `(SELECT * FROM ${rollupTable(rollupName, below)} FINAL WHERE ${where})`);
    const statement = `INSERT INTO ${rollupTable(rollupName, level)} (${rollupColumns(rollup).join(', ')}) ${select} SETTINGS ${RECOUNT_SETTINGS}`;
    await persist(this.clock, () => this.clickhouse.command(statement));
  }
}

/** Compiling these expressions takes longer than it saves over the rows that a statement reads. */
const RECOUNT_SETTINGS = 'compile_expressions = 0, compile_aggregate_expressions = 0, compile_sort_description = 0';

/**
 * Rows of the marked buckets and no others, in terms that the primary key and the partitions can use. Ends are numbers in
 * the list: the engine evaluates each `toDateTime` in it by itself.
 */
function bucketsCondition(subject: string, level: Level, marks: readonly Mark[]): string {
  const step = LEVEL_MS[level] / 1_000;
  const keys = new Set(marks.map((mark) => `(${text(mark.service)}, ${text(mark.subject)})`));
  const buckets = new Set(
    marks.map((mark) => `(${text(mark.service)}, ${text(mark.subject)}, ${integer(mark.bucketEnd)})`),
  );
  const ends = marks.map(({ bucketEnd }) => bucketEnd);
  const first = Math.min(...ends);
  const last = Math.max(...ends);
  const range = `bucket_end > ${dateTime(first - step)} AND bucket_end <= ${dateTime(last)}`;
  const end =
    level === '10s' ? 'toUInt32(bucket_end)' : `intDiv(toUInt32(bucket_end) - 1, ${step}) * ${step} + ${step}`;
  return `${range} AND (service, ${subject}) IN (${[...keys].join(', ')}) AND (service, ${subject}, ${end}) IN (${[...buckets].join(', ')})`;
}

function markColumns(consumed: boolean): readonly Column<Mark>[] {
  return [
    { name: 'level', type: 'LowCardinality(String)', value: (mark) => mark.level },
    { name: 'rollup', type: 'LowCardinality(String)', value: (mark) => mark.rollup },
    { name: 'service', type: 'LowCardinality(String)', value: (mark) => mark.service },
    { name: 'subject', type: 'String', value: (mark) => mark.subject },
    { name: 'bucket_end', type: "DateTime('UTC')", value: (mark) => mark.bucketEnd },
    { name: 'partition', type: 'UInt32', value: (mark) => mark.partition },
    { name: 'touch', type: 'String', value: (mark) => mark.touch },
    { name: 'consumed', type: 'UInt8', value: () => (consumed ? 1 : 0) },
  ];
}

function progressColumns(nowMs: number): readonly Column<PartitionState>[] {
  return [
    { name: 'partition', type: 'UInt32', value: (state) => state.partition },
    { name: 'committed', type: 'UInt64', value: (state) => state.committed },
    { name: 'watermark', type: "DateTime64(3, 'UTC')", value: (state) => state.tracker.watermark },
    { name: 'idle', type: 'UInt8', value: (state) => (state.idle ? 1 : 0) },
    { name: 'silent', type: 'UInt8', value: (state) => (state.silent ? 1 : 0) },
    { name: 'settled_10s', type: "DateTime('UTC')", value: (state) => state.settled['10s'] },
    { name: 'settled_1m', type: "DateTime('UTC')", value: (state) => state.settled['1m'] },
    { name: 'settled_1h', type: "DateTime('UTC')", value: (state) => state.settled['1h'] },
    { name: 'written_at', type: "DateTime64(3, 'UTC')", value: () => nowMs },
    { name: 'revision', type: 'UInt64', value: (state) => state.revision },
  ];
}

/** Literals for lists that are too long for bound parameters, which travel in the address of a request. */
function text(value: string): string {
  return `'${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'").replaceAll('\0', '\\0')}'`;
}

function integer(value: number): string {
  return String(Math.trunc(value));
}

function dateTime(seconds: number): string {
  return `toDateTime(${integer(seconds)}, 'UTC')`;
}
