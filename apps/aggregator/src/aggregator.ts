import { EVENTS_TOPIC } from '#libs/contracts';
import type { Committed, EventLog, RecordBatch } from '#libs/event-log';
import type { ClickHouse } from '#libs/clickhouse';
import type { Logger, Metrics } from '#libs/operations';
import type { Clock } from '#libs/time';
import { AggregatorStore } from './aggregator-store.js';
import { Assignments } from './assignments.js';
import { AuditStore } from './audit/audit-store.js';
import { AuditTelemetry } from './audit/audit-telemetry.js';
import { Auditor, DEFAULT_AUDIT } from './audit/auditor.js';
import type { AggregatorConfig } from './config.js';
import { Inserter } from './insert/inserter.js';
import { MarkBook } from './recount/mark-book.js';
import { DEFAULT_RECOUNT, Recounter } from './recount/recounter.js';
import { DEFAULT_RETENTION, Retention } from './retention/retention.js';
import { RetentionTelemetry } from './retention/retention-telemetry.js';
import { AggregatorTelemetry } from './telemetry.js';

export interface AggregatorParts {
  readonly clickhouse: ClickHouse;
  /** For audit and retention; the records themselves are handed in. */
  readonly eventLog: EventLog;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
  /** Draws an identity for marks that a recount makes. */
  readonly newTouch: () => string;
}

/** The steps in their order: consume → insert → mark → commit; recount → mark above → consume the marks. Also the DI token. */
export class Aggregator {
  readonly #assignments: Assignments;
  readonly #inserter: Inserter;
  readonly #recounter: Recounter;
  readonly #auditor: Auditor;
  readonly #retention: Retention;

  constructor(
    config: AggregatorConfig,
    private readonly parts: AggregatorParts,
  ) {
    const { clock, log } = parts;
    const latenessMs = config.lateHours * 3_600_000;
    const store = new AggregatorStore(parts.clickhouse, parts.clock);
    const marks = new MarkBook();
    this.#assignments = new Assignments(store, marks);
    const telemetry = new AggregatorTelemetry(parts.metrics, {
      openMarks: () => marks.size,
      partitions: () =>
        this.#assignments.all().map(({ partition, tracker, committed }) => ({
          partition,
          watermarkSeconds: tracker.watermark / 1_000,
          committed: Number(committed),
        })),
    });
    this.#inserter = new Inserter(store, this.#assignments, marks, clock, telemetry, log, parts.newTouch, {
      paceMs: config.insertIntervalMs,
      maxBlockRows: config.insertMaxRows,
      latenessMs,
    });
    const wait = config.recountMaxWaitMs;
    this.#recounter = new Recounter(store, this.#assignments, marks, clock, telemetry, log, parts.newTouch, {
      ...DEFAULT_RECOUNT,
      intervalMs: config.recountIntervalMs,
      maxWaitMs: { '10s': wait, '1m': wait * 4, '1h': wait * 20 },
    });
    const audit = new AuditStore(parts.clickhouse, latenessMs);
    this.#auditor = new Auditor(
      parts.eventLog,
      store,
      audit,
      this.#assignments,
      clock,
      new AuditTelemetry(parts.metrics),
      log,
      {
        ...DEFAULT_AUDIT,
        intervalMs: config.auditIntervalMs,
      },
    );
    this.#retention = new Retention(
      parts.clickhouse,
      parts.eventLog,
      store,
      this.#assignments,
      clock,
      new RetentionTelemetry(parts.metrics),
      log,
      { ...DEFAULT_RETENTION, latenessMs },
    );
  }

  handle(batch: RecordBatch): Promise<void> {
    return this.#inserter.insert(batch);
  }

  async assigned(partition: number, committed: Committed | undefined): Promise<void> {
    // A log that does not say is no reason not to start: the partition is listened to first, as one that is new.
    const isRead = await this.#isRead(partition, committed).catch(() => false);
    await this.#assignments.assigned(partition, committed, this.parts.clock.monotonic(), isRead);
  }

  async #isRead(partition: number, committed: Committed | undefined): Promise<boolean> {
    const range = (await this.parts.eventLog.ranges(EVENTS_TOPIC)).find((one) => one.partition === partition);
    return range !== undefined && range.next <= (committed?.offset ?? range.earliest);
  }

  revoked(partition: number): void {
    this.#assignments.revoked(partition);
  }

  /** Partitions that this aggregator has now. */
  get partitions(): readonly number[] {
    return this.#assignments.all().map(({ partition }) => partition);
  }

  start(): void {
    this.#recounter.start();
    this.#auditor.start();
    this.#retention.start();
  }

  /** Recounts what is due, now. */
  recount(): Promise<void> {
    return this.#recounter.run();
  }

  /** One round of the audit, now. */
  audit(): Promise<void> {
    return this.#auditor.run();
  }

  /** Drops what is older than it is kept, now. */
  retain(): Promise<void> {
    return this.#retention.run();
  }

  async stop(): Promise<void> {
    await Promise.all([this.#auditor.stop(), this.#retention.stop()]);
    await this.#inserter.idle();
    await this.#recounter.stop();
  }
}
