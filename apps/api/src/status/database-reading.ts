import {
  AuditReader,
  MOST_ROWS_COUNTED_EXACTLY,
  partitionsOf,
  readKeptDeadLetters,
  readProgress,
  type AuditReading,
  type KeptDeadLetters,
  type ProgressReading,
  type RowReader,
} from '#libs/clickhouse';
import { EVENT_KINDS, EVENT_TABLES, type PipelineStatus } from '#libs/contracts';
import { PacedReading, type Clock } from '#libs/time';
import { InsertedReader, type InsertedTotals } from './inserted-totals.js';

/** What ClickHouse says of the pipeline. Times in ms since 1970. */
export interface DatabaseReading {
  readonly progress: ProgressReading;
  readonly inserted: InsertedTotals;
  readonly byKind: Readonly<Record<string, number>>;
  readonly exact: boolean;
  readonly cache: Omit<NonNullable<PipelineStatus['cache']>, 'hitRatio'>;
  readonly audit: AuditReading;
  readonly deadLetters: number;
  readonly storage: NonNullable<PipelineStatus['storage']>;
}

/**
 * Caches as a whole. Each request asks the nearest tier, so that one counts the requests, hour by hour: tiers may have come
 * since. Which one is the nearest the tables do not say: memory, disk and redis in this order, else the one asked most.
 */
const WHOLE_CACHES = `
  SELECT sum(nearest) AS r, sum(h) AS h, sum(s) AS s, sum(n) AS n, sum(e) AS e
  FROM (
    SELECT argMin(asked, (place, -toInt64(asked))) AS nearest,
      sum(tier_hits) AS h, sum(tier_stale) AS s, sum(tier_negative) AS n, sum(tier_errors) AS e
    FROM (
      SELECT service, cache, bucket_end, multiIf(tier = 'memory', 1, tier = 'disk', 2, tier = 'redis', 3, 4) AS place,
        sum(hits) AS tier_hits, sum(stale_hits) AS tier_stale, sum(negative_hits) AS tier_negative, sum(errors) AS tier_errors,
        sum(hits + stale_hits + negative_hits + misses + errors) AS asked
      FROM cache_by_1h GROUP BY service, cache, bucket_end, tier
    ) GROUP BY service, cache, bucket_end
  )`;

/** Asks ClickHouse for its part of the status; what grows with the data is asked for at a pace that its cost allows. */
export class DatabaseStatus {
  readonly #audit: AuditReader;
  /** At one pace, so that the two are of one moment: read apart, the cheaper one would tell of events that the other lacks. */
  readonly #held: PacedReading<Pick<DatabaseReading, 'byKind' | 'exact' | 'cache'>>;
  readonly #deadLetters: PacedReading<KeptDeadLetters>;
  readonly #storage: PacedReading<DatabaseReading['storage']>;
  /** At every look: it costs what has come since, not what is there. */
  readonly #inserted: InsertedReader;

  constructor(
    private readonly reader: RowReader,
    private readonly clock: Clock,
  ) {
    this.#audit = new AuditReader(reader);
    this.#held = new PacedReading(clock, () => this.#readHeld());
    this.#deadLetters = new PacedReading(clock, () => readKeptDeadLetters(reader));
    this.#storage = new PacedReading(clock, () => this.#readStorage());
    this.#inserted = new InsertedReader(reader, clock);
  }

  /** What is inserted so far. @throws what the reader throws. */
  inserted(): Promise<InsertedTotals> {
    return this.#inserted.read();
  }

  /** @throws what the reader throws. */
  async read(): Promise<DatabaseReading> {
    const reading = readProgress(this.reader);
    const [progress, audit, storage, held, deadLetters, inserted] = await Promise.all([
      reading,
      reading.then((one) => this.#audit.read(this.clock.now(), partitionsOf(one))),
      this.#storage.get(),
      this.#held.get(),
      this.#deadLetters.get(),
      this.#inserted.read(),
    ]);
    return { progress, audit, storage, ...held, deadLetters: deadLetters.letters, inserted };
  }

  async #readStorage(): Promise<DatabaseReading['storage']> {
    const [row] = await this.reader.rows<{ parts: number; bytes: number }>(
      'SELECT count() AS parts, sum(bytes_on_disk) AS bytes FROM system.parts WHERE active AND database = currentDatabase()',
    );
    return { parts: Number(row?.parts ?? 0), bytes: Number(row?.bytes ?? 0) };
  }

  async #readHeld(): Promise<Pick<DatabaseReading, 'byKind' | 'exact' | 'cache'>> {
    const [totals, cache] = await Promise.all([this.#readTotals(), this.#readCache()]);
    return { ...totals, cache };
  }

  async #readTotals(): Promise<Pick<DatabaseReading, 'byKind' | 'exact'>> {
    const stored = await this.reader.rows<{ table: string; n: number }>(
      'SELECT table, sum(rows) AS n FROM system.parts WHERE active AND database = currentDatabase() GROUP BY table',
    );
    const rowsOf = new Map(stored.map(({ table, n }) => [table, Number(n)]));
    const held = EVENT_KINDS.map((kind) => rowsOf.get(EVENT_TABLES[kind].table) ?? 0);
    const exact = held.reduce((sum, n) => sum + n, 0) <= MOST_ROWS_COUNTED_EXACTLY;
    const counts = exact
      ? await Promise.all(
          EVENT_KINDS.map((kind, i) =>
            held[i] === 0 ? 0 : this.#count(`SELECT count() AS n FROM ${EVENT_TABLES[kind].table} FINAL`),
          ),
        )
      : held;
    return { byKind: Object.fromEntries(EVENT_KINDS.map((kind, i) => [kind, counts[i]!])), exact };
  }

  /** Settled hours joined with the raw tail, as the view does it. */
  async #readCache(): Promise<DatabaseReading['cache']> {
    const [row] = await this.reader.rows<Record<string, number>>(WHOLE_CACHES);
    const of = (name: string) => Number(row?.[name] ?? 0);
    const [requests, hits, staleHits, negativeHits] = [of('r'), of('h'), of('s'), of('n')];
    return {
      requests,
      hits,
      staleHits,
      // What the farthest tier did not have, failed at, or was never asked for, as there is none.
      misses: Math.max(0, requests - hits - staleHits - negativeHits),
      negativeHits,
      errors: of('e'),
    };
  }

  async #count(sql: string): Promise<number> {
    const [row] = await this.reader.rows<{ n: number }>(sql);
    return Number(row?.n ?? 0);
  }
}
