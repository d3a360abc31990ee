import { readAudit, readDeadLetters, readProgress, type AuditReading, type RowReader } from '#libs/clickhouse';
import { AGGREGATOR_GROUP, EVENTS_TOPIC } from '#libs/contracts';
import { readPartitions, type EventLog, type PartitionReading } from '#libs/event-log';
import { within, type Clock } from '#libs/time';

/** What a look at one dependency came to: "it does not answer" is not the same as "it says none". */
export type Look<Value> =
  { readonly ok: true; readonly value: Value } | { readonly ok: false; readonly reason: string };

/** What ClickHouse says of the pipeline. */
export interface DatabaseCondition {
  /** Watermark of each partition that has one, ms since 1970. */
  readonly watermarks: ReadonlyMap<number, number | null>;
  readonly audit: AuditReading;
  /** Accepted within DEAD_LETTER_WINDOW_MS. */
  readonly deadLetters: readonly { readonly cause: string; readonly letters: number }[];
}

/** The pipeline as one evaluation sees it. */
export interface PipelineCondition {
  readonly at: number;
  readonly log: Look<readonly PartitionReading[]>;
  readonly database: Look<DatabaseCondition>;
}

/** How far back a dead letter counts as arriving. */
export const DEAD_LETTER_WINDOW_MS = 600_000;

/** A look that takes longer has failed: the database's own limit on such a query, and some for the way. */
export const LOOK_TIMEOUT_MS = 5_000;

/** Looks at the log and at ClickHouse, each for itself: one that is away does not hide what the other says. */
export class PipelineWatch {
  readonly #log;
  readonly #database;

  constructor(
    private readonly clock: Clock,
    log: EventLog,
    private readonly rows: RowReader,
  ) {
    this.#log = new OneAtATime(clock, () => readPartitions(log, EVENTS_TOPIC, AGGREGATOR_GROUP));
    this.#database = new OneAtATime(clock, () => this.#readDatabase());
  }

  /** Never rejects. */
  async look(): Promise<PipelineCondition> {
    const at = this.clock.now();
    const [log, database] = await Promise.all([this.#log.look(), this.#database.look()]);
    return { at, log, database };
  }

  async #readDatabase(): Promise<DatabaseCondition> {
    const [progress, audit, deadLetters] = await Promise.all([
      readProgress(this.rows),
      readAudit(this.rows, this.clock.now()),
      readDeadLetters(this.rows, this.clock.now() - DEAD_LETTER_WINDOW_MS),
    ]);
    return { watermarks: new Map(progress.map((one) => [one.partition, one.watermark])), audit, deadLetters };
  }
}

/** Asks again only when the last question was answered, so that one that hangs does not pile up. */
class OneAtATime<Value> {
  #asked: Promise<Value> | undefined;

  constructor(
    private readonly clock: Clock,
    private readonly ask: () => Promise<Value>,
  ) {}

  async look(): Promise<Look<Value>> {
    this.#asked ??= this.ask().finally(() => (this.#asked = undefined));
    try {
      return { ok: true, value: await within(this.clock, LOOK_TIMEOUT_MS, this.#asked) };
    } catch (error) {
      return { ok: false, reason: error instanceof Error ? error.message : String(error) };
    }
  }
}
