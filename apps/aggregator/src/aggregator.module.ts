import { randomUUID } from 'node:crypto';
import {
  Inject,
  Module,
  type DynamicModule,
  type INestApplication,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
  type OnModuleInit,
} from '@nestjs/common';
import { ClickHouse, migrate } from '#libs/clickhouse';
import { AGGREGATOR_GROUP, EVENTS_TOPIC } from '#libs/contracts';
import { describeTopic, EventLog } from '#libs/event-log';
import { EventLogServer } from '#libs/event-log/nest';
import { Health, Logger, Metrics } from '#libs/operations';
import { Clock } from '#libs/time';
import { Aggregator } from './aggregator.js';
import type { AggregatorConfig } from './config.js';
import { EventsController } from './consume/events.controller.js';
import { logRetentionProblem } from './retention/log-retention.js';

const AGGREGATOR_CONFIG = Symbol('AGGREGATOR_CONFIG');

/** Records of one batch; with values of up to 1 MiB this also bounds what one partition holds in memory. */
const MAX_BATCH_RECORDS = 100;

export interface AggregatorOptions {
  readonly config: AggregatorConfig;
  /** Opened and closed by whoever hosts the aggregator. */
  readonly eventLog: EventLog;
  readonly clickhouse: ClickHouse;
}

/**
 * The aggregator on the Nest application that hosts it. Needs OperationsModule beside it (Clock, Logger, Metrics, Health),
 * and the log connected with `consumeWithAggregator`.
 */
@Module({ controllers: [EventsController] })
export class AggregatorModule implements OnModuleInit, OnApplicationBootstrap, OnApplicationShutdown {
  readonly #takeBack: (() => void)[] = [];

  constructor(
    private readonly aggregator: Aggregator,
    private readonly eventLog: EventLog,
    private readonly clickhouse: ClickHouse,
    private readonly health: Health,
    private readonly clock: Clock,
    private readonly logger: Logger,
    @Inject(AGGREGATOR_CONFIG) private readonly config: AggregatorConfig,
  ) {}

  static register({ config, eventLog, clickhouse }: AggregatorOptions): DynamicModule {
    return {
      module: AggregatorModule,
      providers: [
        { provide: AGGREGATOR_CONFIG, useValue: config },
        { provide: EventLog, useValue: eventLog },
        { provide: ClickHouse, useValue: clickhouse },
        {
          provide: Aggregator,
          inject: [Clock, Logger, Metrics],
          useFactory: (clock: Clock, logger: Logger, metrics: Metrics) =>
            new Aggregator(config, {
              clickhouse,
              eventLog,
              clock,
              log: logger.with({ app: 'aggregator' }),
              metrics,
              newTouch: randomUUID,
            }),
        },
      ],
      exports: [Aggregator],
    };
  }

  async onModuleInit(): Promise<void> {
    await this.eventLog.ensureTopic(EVENTS_TOPIC, { partitions: this.config.partitions });
    const { applied } = await migrate(this.clickhouse, this.clock);
    if (applied.length > 0) this.logger.info('Migrations applied.', { applied: applied.join(', ') });
    await this.clickhouse.checkSettings();
    // An aggregator that did not start would leave the log unread: worse than what this is about. Readiness tells.
    await this.#logRetention().catch((error: unknown) => {
      const problem = error instanceof Error ? error.message : String(error);
      this.logger.error('How long the log keeps records is wrong, or not known.', { problem });
    });
    this.#takeBack.push(
      this.health.add('log', () => describeTopic(this.eventLog, EVENTS_TOPIC)),
      this.health.add('log retention', () => this.#logRetention()),
      this.health.add('clickhouse', async () => {
        await this.clickhouse.ping();
        return 'ClickHouse answers.';
      }),
    );
  }

  onApplicationBootstrap(): void {
    this.aggregator.start();
  }

  async onApplicationShutdown(): Promise<void> {
    for (const takeBack of this.#takeBack) takeBack();
    await this.aggregator.stop();
  }

  async #logRetention(): Promise<string> {
    const latenessMs = this.config.lateHours * 3_600_000;
    const problem = logRetentionProblem(EVENTS_TOPIC, await this.eventLog.retention(EVENTS_TOPIC), latenessMs);
    if (problem !== undefined) throw new Error(problem);
    return 'The log is kept for longer than events may be late, and for less time than what is known of its batches.';
  }
}

/** Connects the log as a microservice of the application that hosts the aggregator. Call it before the microservices start. */
export function consumeWithAggregator(app: INestApplication, eventLog: EventLog, log: Logger): void {
  const transport = new EventLogServer({ log: eventLog, group: AGGREGATOR_GROUP, maxBatchRecords: MAX_BATCH_RECORDS });
  const aggregator = app.get(Aggregator);
  transport.setHooks({
    onAssigned: (_topic, partition, committed) => aggregator.assigned(partition, committed),
    onRevoked: async (_topic, partition) => aggregator.revoked(partition),
    onError: (error) => log.debug('Batch is delivered again.', { reason: error.message }),
  });
  app.connectMicroservice({ strategy: transport });
}
