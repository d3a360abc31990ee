import { afterAll, beforeAll } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
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
  recountIntervalMs: 200,
  recountMaxWaitMs: 50,
  auditIntervalMs: 3_600_000,
};

export interface RunningAggregator {
  readonly aggregator: Aggregator;
  readonly errors: readonly Error[];
  readonly logger: RecordingLogger;
  stop(): Promise<void>;
}

/** One engine for all tests of a file: its start and its end cost more than many a test. Call it where hooks may stand. */
export function engineOfFile(): () => TestEngine {
  let engine: TestEngine | undefined;
  beforeAll(async () => {
    engine = await startTestEngine();
  }, 60_000);
  afterAll(async () => {
    await engine?.stop();
  }, 60_000);
  return () => {
    if (engine === undefined) throw new Error('The engine is there only while tests run.');
    return engine;
  };
}

/** What each test of a file begins with, prepared once. @returns what makes a copy of it, for one test. */
export function preparedOnce(prepare: (first: TestAggregation) => Promise<void>): () => Promise<TestAggregation> {
  let first: TestAggregation | undefined;
  beforeAll(async () => {
    first = await TestAggregation.start(await startTestEngine());
    await prepare(first);
  }, 180_000);
  afterAll(async () => {
    await first?.stop();
    await first?.engine.stop();
  }, 60_000);
  return () => {
    if (first === undefined) throw new Error('What is prepared is there only while tests run.');
    return first.copy();
  };
}

let made = 0;

/** A database of its own on a real engine, a real log, and any number of aggregators over them. */
export class TestAggregation {
  readonly clock = new SystemClock();
  readonly #running = new Set<RunningAggregator>();

  private constructor(
    private readonly path: string,
    readonly engine: TestEngine,
    readonly clickhouse: ClickHouse,
    readonly log: EmbeddedEventLog,
  ) {}

  static async start(engine: TestEngine): Promise<TestAggregation> {
    const clickhouse = anotherDatabase(engine);
    await migrate(clickhouse, new SystemClock());
    const path = newPath();
    const log = await openLog(path);
    await log.ensureTopic(EVENTS_TOPIC, { partitions: QUICK.partitions });
    return new TestAggregation(path, engine, clickhouse, log);
  }

  /** Another one that holds what this one does. This one's log is closed from then on: it can only be copied again. */
  async copy(): Promise<TestAggregation> {
    await this.#stopAggregators();
    await this.log.close();
    const clickhouse = anotherDatabase(this.engine);
    await clickhouse.createDatabase();
    const { database } = this.clickhouse;
    const tables = await this.clickhouse.query<{ name: string }>(
      "SELECT name FROM system.tables WHERE database = {database:String} AND engine LIKE '%MergeTree'",
      { database },
    );
    for (const { name } of tables) await clickhouse.command(`CREATE TABLE ${name} CLONE AS ${database}.${name}`);
    // Views name no database: each is made where it is.
    await migrate(clickhouse, this.clock);
    const path = newPath();
    cpSync(this.path, path, { recursive: true });
    return new TestAggregation(path, this.engine, clickhouse, await openLog(path));
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
    await this.clickhouse.command(`DROP DATABASE ${this.clickhouse.database}`);
    await this.clickhouse.close();
    rmSync(this.path, { recursive: true, force: true });
  }
}

function anotherDatabase({ url, username, password }: TestEngine): ClickHouse {
  return new ClickHouse({ url, username, password, database: `test_${++made}` });
}

function newPath(): string {
  return mkdtempSync(join(tmpdir(), 'alperf-aggregation-'));
}

function openLog(path: string): Promise<EmbeddedEventLog> {
  return EmbeddedEventLog.open({ path, clock: new SystemClock(), random: Math.random });
}
