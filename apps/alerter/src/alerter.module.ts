import {
  Module,
  type DynamicModule,
  type OnApplicationBootstrap,
  type BeforeApplicationShutdown,
  type OnModuleInit,
} from '@nestjs/common';
import { checkSchema, refuseNewerSchema, RowReader } from '#libs/clickhouse';
import { EVENTS_TOPIC } from '#libs/contracts';
import { describeTopic, EventLog } from '#libs/event-log';
import { Access, Health, Logger, Metrics } from '#libs/operations';
import { ReadGuard } from '#libs/operations/nest';
import { StateStore } from '#libs/state-store';
import { Clock } from '#libs/time';
import type { AlerterConfig } from './config.js';
import { AlertEvaluator } from './evaluate/alert-evaluator.js';
import { AlertStore } from './evaluate/alert-store.js';
import { PipelineWatch } from './evaluate/condition.js';
import { AlertsController } from './serve/alerts.controller.js';

export interface AlerterOptions {
  readonly config: AlerterConfig;
  /** Who may read; shared with whoever listens on the same port. */
  readonly access: Access;
  /** Log, database and state are opened and closed by whoever hosts the alerter. */
  readonly eventLog: EventLog;
  readonly rows: RowReader;
  readonly state: StateStore;
}

/**
 * The alerter on the Nest application that hosts it: evaluates from the start of the application to its end, and serves
 * `GET /api/v1/alerts`. Needs OperationsModule beside it: Clock, Logger, Metrics and Health come from there.
 */
@Module({})
export class AlerterModule implements OnModuleInit, OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #takeBack: (() => void)[] = [];

  constructor(
    private readonly health: Health,
    private readonly evaluator: AlertEvaluator,
    private readonly eventLog: EventLog,
    private readonly rows: RowReader,
    private readonly state: AlertStore,
  ) {}

  static register({ config, access, eventLog, rows, state }: AlerterOptions): DynamicModule {
    return {
      module: AlerterModule,
      controllers: [AlertsController],
      providers: [
        ReadGuard,
        { provide: Access, useValue: access },
        { provide: EventLog, useValue: eventLog },
        { provide: RowReader, useValue: rows },
        { provide: AlertStore, useValue: new AlertStore(state) },
        {
          provide: AlertEvaluator,
          inject: [Clock, Logger, Metrics, AlertStore],
          useFactory: (clock: Clock, logger: Logger, metrics: Metrics, store: AlertStore) => {
            const watch = new PipelineWatch(clock, eventLog, rows, config.alertIntervalMs);
            return new AlertEvaluator(config, {
              look: () => watch.look(),
              store,
              clock,
              log: logger.with({ app: 'alerter' }),
              metrics,
            });
          },
        },
      ],
    };
  }

  /** @throws ClickHouseStoreError when the database is of a newer version. One that is away may come later. */
  async onModuleInit(): Promise<void> {
    await refuseNewerSchema(this.rows);
    this.#takeBack.push(
      this.health.add('log', () => describeTopic(this.eventLog, EVENTS_TOPIC)),
      this.health.add('clickhouse', () => checkSchema(this.rows)),
      this.health.add('alert state', async () => {
        await this.state.beat();
        if (this.evaluator.evaluating) return 'The state answers; alerts are evaluated here.';
        return `The state answers; ${this.evaluator.standsBy ? 'another alerter evaluates, this one stands by' : 'evaluation begins'}.`;
      }),
    );
  }

  /** After every module has begun: in one process with the aggregator, the tables are there by then. */
  onApplicationBootstrap(): void {
    this.evaluator.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    for (const takeBack of this.#takeBack) takeBack();
    await this.evaluator.stop();
  }
}
