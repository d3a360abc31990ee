import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ClickHouse, migrate } from '#libs/clickhouse';
import { startTestEngine, type TestEngine } from '#libs/clickhouse/testing';
import { AGGREGATOR_GROUP, EVENTS_TOPIC, type Batch } from '#libs/contracts';
import { EmbeddedEventLog } from '#libs/event-log/embedded';
import { Metrics } from '#libs/operations';
import { RecordingLogger } from '#libs/operations/testing';
import { SystemClock } from '#libs/time';
import { expectAudited, expectExact, recordOf, untilCounted, type TrafficTotals } from '#test/support';
import { Aggregator } from '../aggregator.js';
import type { AggregatorConfig } from '../config.js';

/** As in production, but without waiting. */
export const QUICK: AggregatorConfig = {
  partitions: 3,
  lateHours: 48,
  insertIntervalMs: 10,
  insertMaxRows: 50_000,
  recountIntervalMs: 20,
  recountMaxWaitMs: 50,
  auditIntervalMs: 3_600_000,
};

export interface RunningAggregator {
  readonly aggregator: Aggregator;
  readonly errors: readonly Error[];
  readonly logger: RecordingLogger;
  stop(): Promise<void>;
}

/** A real engine, a real log, and any number of aggregators over them. */
export class TestAggregation {
  readonly clock = new SystemClock();
  readonly #running = new Set<RunningAggregator>();

  private constructor(
    private readonly path: string,
    readonly engine: TestEngine,
    readonly clickhouse: ClickHouse,
    readonly log: EmbeddedEventLog,
  ) {}

  static async start(): Promise<TestAggregation> {
    const path = mkdtempSync(join(tmpdir(), 'alperf-aggregation-'));
    const clock = new SystemClock();
    const engine = await startTestEngine();
    const clickhouse = new ClickHouse(engine);
    await migrate(clickhouse, clock);
    const log = await EmbeddedEventLog.open({ path, clock, random: Math.random });
    await log.ensureTopic(EVENTS_TOPIC, { partitions: QUICK.partitions });
    return new TestAggregation(path, engine, clickhouse, log);
  }

  async append(batches: readonly Batch[]): Promise<void> {
    await this.log.append(
      EVENTS_TOPIC,
      batches.map((batch) => recordOf(batch)),
    );
  }

  /** @param clickhouse the one it writes to; default the engine itself. */
  async aggregate(clickhouse = this.clickhouse, config: Partial<AggregatorConfig> = {}): Promise<RunningAggregator> {
    const logger = new RecordingLogger();
    const errors: Error[] = [];
    const aggregator = new Aggregator(
      { ...QUICK, ...config },
      { clickhouse, eventLog: this.log, clock: this.clock, log: logger, metrics: new Metrics(), newTouch: randomUUID },
    );
    aggregator.start();
    const consumption = await this.log.consume({
      topic: EVENTS_TOPIC,
      group: AGGREGATOR_GROUP,
      maxBatchRecords: 20,
      onAssigned: (_topic, partition, committed) => aggregator.assigned(partition, committed),
      onRevoked: async (_topic, partition) => aggregator.revoked(partition),
      onBatch: (batch) => aggregator.handle(batch),
      onError: (error) => errors.push(error),
    });
    const running: RunningAggregator = {
      aggregator,
      errors,
      logger,
      stop: async () => {
        if (!this.#running.delete(running)) return;
        await consumption.close();
        await aggregator.stop();
      },
    };
    this.#running.add(running);
    return running;
  }

  /** Waits until everything in the log is committed and every touched bucket is recounted. */
  counted(): Promise<void> {
    return untilCounted(this.log, this.clickhouse, this.clock, { timeoutMs: 90_000 });
  }

  /**
   * Waits until all is counted, then throws unless the database holds exactly what was emitted, at every level and in every
   * view, and the audit of one aggregator that has all partitions finds nothing lost and nothing twice.
   */
  async expectExact(emitted: TrafficTotals): Promise<void> {
    await this.counted();
    await expectExact(this.clickhouse, emitted);
    await this.expectAudited();
  }

  /** The audit alone. Every aggregator that runs is stopped first. */
  async expectAudited(): Promise<void> {
    await this.#stopAggregators();
    const { aggregator, stop } = await this.aggregate();
    while (aggregator.partitions.length < QUICK.partitions) await this.clock.sleep(10);
    await expectAudited(aggregator, this.clickhouse);
    await stop();
  }

  async #stopAggregators(): Promise<void> {
    for (const running of this.#running) await running.stop();
  }

  async stop(): Promise<void> {
    await this.#stopAggregators();
    await this.log.close();
    await this.clickhouse.close();
    await this.engine.stop();
    rmSync(this.path, { recursive: true, force: true });
  }
}
