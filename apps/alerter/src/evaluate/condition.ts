import {
  AuditReader,
  partitionsOf,
  readDeadLetters,
  readKeptDeadLetters,
  readProgress,
  type AuditReading,
  type KeptDeadLetters,
  type RowReader,
} from '#libs/clickhouse';
import { AGGREGATOR_GROUP, EVENTS_TOPIC } from '#libs/contracts';
import { readPartitions, type EventLog, type PartitionReading } from '#libs/event-log';
import { MINUTE_MS, OneAtATime, PacedReading, type Clock } from '#libs/time';
import { AuditWatch, type AuditWatched } from './audit-watch.js';
import { larger, LetterArrivals, type Letters } from './letter-arrivals.js';

/** What a look at one dependency came to: "it does not answer" is not the same as "it says none". */
export type Look<Value> =
  { readonly ok: true; readonly value: Value } | { readonly ok: false; readonly reason: string };

/** What ClickHouse says of the pipeline. */
export interface DatabaseCondition {
  /** Watermark of each partition that has one, ms since 1970. */
  readonly watermarks: ReadonlyMap<number, number | null>;
  readonly audit: AuditReading;
  readonly auditWatched: AuditWatched;
  /** Accepted within DEAD_LETTER_WINDOW_MS, or written within it. */
  readonly deadLetters: Letters;
}

/** The pipeline as one evaluation sees it. */
export interface PipelineCondition {
  readonly at: number;
  readonly log: Look<readonly PartitionReading[]>;
  readonly database: Look<DatabaseCondition>;
}

/** For how long a dead letter counts as arriving. */
export const DEAD_LETTER_WINDOW_MS = 600_000;

/** A look that takes longer has failed: the database's own limit on such a query, and some for the way. */
export const LOOK_TIMEOUT_MS = 5_000;

/** Looks at the log and at ClickHouse, each for itself: one that is away does not hide what the other says. */
export class PipelineWatch {
  readonly #log;
  readonly #database;
  readonly #audit: AuditReader;
  readonly #auditWatch: AuditWatch;
  /** It grows with what is kept, and a look comes every few seconds. */
  readonly #kept: PacedReading<KeptDeadLetters>;
  readonly #arrivals = new LetterArrivals(DEAD_LETTER_WINDOW_MS);

  /** @param intervalMs between two looks. */
  constructor(
    private readonly clock: Clock,
    log: EventLog,
    private readonly rows: RowReader,
    intervalMs: number,
  ) {
    this.#auditWatch = new AuditWatch(Math.max(MINUTE_MS, 3 * intervalMs));
    this.#audit = new AuditReader(rows);
    this.#kept = new PacedReading(clock, () => readKeptDeadLetters(rows));
    this.#log = new OneAtATime(clock, LOOK_TIMEOUT_MS, () => readPartitions(log, EVENTS_TOPIC, AGGREGATOR_GROUP));
    this.#database = new OneAtATime(clock, LOOK_TIMEOUT_MS, () => this.#readDatabase());
  }

  /** Never rejects. */
  async look(): Promise<PipelineCondition> {
    const at = this.clock.now();
    const [log, database] = await Promise.all([lookAt(this.#log), lookAt(this.#database)]);
    return { at, log, database };
  }

  async #readDatabase(): Promise<DatabaseCondition> {
    const now = this.clock.now();
    const reading = readProgress(this.rows);
    const [progress, audit, accepted, kept] = await Promise.all([
      reading,
      reading.then((one) => this.#audit.read(now, partitionsOf(one))),
      readDeadLetters(this.rows, now - DEAD_LETTER_WINDOW_MS),
      // There may be too many to count in time: those accepted lately are known all the same.
      this.#kept.get().catch(() => undefined),
    ]);
    const deadLetters = kept?.byCause == null ? accepted : larger(accepted, this.#arrivals.look(now, kept.byCause));
    return {
      watermarks: new Map(progress.partitions.map((one) => [one.partition, one.watermark])),
      audit,
      auditWatched: this.#auditWatch.look(now, audit.checkedThrough),
      deadLetters,
    };
  }
}

async function lookAt<Value>(one: OneAtATime<Value>): Promise<Look<Value>> {
  try {
    return { ok: true, value: await one.answer() };
  } catch (error) {
    return { ok: false, reason: error instanceof Error ? error.message : String(error) };
  }
}
