import {
  Inject,
  Module,
  type OnApplicationBootstrap,
  type BeforeApplicationShutdown,
  type DynamicModule,
  type OnModuleInit,
} from '@nestjs/common';
import { checkSchema, refuseNewerSchema, RowReader } from '#libs/clickhouse';
import { EVENTS_TOPIC } from '#libs/contracts';
import { describeTopic, EventLog } from '#libs/event-log';
import { Access, Health, Logger, Metrics } from '#libs/operations';
import { ReadGuard } from '#libs/operations/nest';
import type { StateStore } from '#libs/state-store';
import { Clock } from '#libs/time';
import { ControlModule } from './control/control.module.js';
import { StreamController } from './live/stream.controller.js';
import { StatusStreams } from './live/status-streams.js';
import { OpenApiController } from './openapi/openapi.controller.js';
import { PageController, PageFiles } from './page/page.controller.js';
import { readPage } from './page/page-files.js';
import { SqlGate } from './sql/sql-gate.js';
import { DatabaseStatus } from './status/database-reading.js';
import { StatusController } from './status/status.controller.js';
import { StatusPoll } from './status/status-poll.js';

/** SQL for people, or null where there is none. */
const SQL_GATE = Symbol('SQL_GATE');

export interface ApiOptions {
  /** Who may read; shared with whoever listens on the same port. */
  readonly access: Access;
  /** Opened and closed by whoever hosts the API. */
  readonly eventLog: EventLog;
  readonly rows: RowReader;
  /** What is desired of caches; opened and closed by whoever hosts the API. */
  readonly state: StateStore;
  /** Yields [0, 1): jitter. */
  readonly random: () => number;
  /** SQL for people; left out, there is none. Started and stopped with the application. */
  readonly sqlGate?: SqlGate;
  /** Directory of the built page. */
  readonly pageDirectory: string;
}

/**
 * Status, its live stream, the control channel, OpenAPI and the page, on the Nest application that hosts them, which must
 * run on Fastify. Needs OperationsModule beside it: Clock, Logger, Metrics and Health come from there.
 */
@Module({})
export class ApiModule implements OnModuleInit, OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #takeBack: (() => void)[] = [];

  constructor(
    private readonly health: Health,
    private readonly metrics: Metrics,
    private readonly eventLog: EventLog,
    private readonly rows: RowReader,
    private readonly poll: StatusPoll,
    private readonly streams: StatusStreams,
    @Inject(SQL_GATE) private readonly sqlGate: SqlGate | null,
  ) {}

  static register(options: ApiOptions): DynamicModule {
    return {
      module: ApiModule,
      imports: [ControlModule.register({ access: options.access, state: options.state, random: options.random })],
      controllers: [StatusController, StreamController, OpenApiController, PageController],
      providers: [
        ReadGuard,
        { provide: Access, useValue: options.access },
        { provide: EventLog, useValue: options.eventLog },
        { provide: RowReader, useValue: options.rows },
        { provide: SQL_GATE, useValue: options.sqlGate ?? null },
        { provide: PageFiles, useFactory: () => new PageFiles(readPage(options.pageDirectory)) },
        { provide: StatusPoll, useFactory: statusPoll, inject: [Clock, Logger, EventLog, RowReader, SQL_GATE] },
        {
          provide: StatusStreams,
          useFactory: (clock: Clock, poll: StatusPoll) => new StatusStreams({ clock, poll }),
          inject: [Clock, StatusPoll],
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
    );
    this.metrics.gauge('api_status_clients', 'Clients that watch the status.', [], (gauge) =>
      gauge.set(this.streams.clients),
    );
    this.metrics.gauge('pipeline_lag_records', 'Records in the log that are not in ClickHouse yet.', [], (gauge) =>
      gauge.set(this.poll.lag ?? Number.NaN),
    );
    this.poll.start();
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.sqlGate?.start();
  }

  /** Before the server waits for its connections: a stream would never end by itself. */
  async beforeApplicationShutdown(): Promise<void> {
    this.streams.closeAll();
    this.poll.stop();
    for (const takeBack of this.#takeBack) takeBack();
    await this.sqlGate?.stop();
  }
}

function statusPoll(clock: Clock, logger: Logger, log: EventLog, rows: RowReader, sqlGate: SqlGate | null): StatusPoll {
  const database = new DatabaseStatus(rows, clock);
  return new StatusPoll({
    clock,
    log,
    database: () => database.read(),
    inserted: () => database.inserted(),
    sqlPort: () => sqlGate?.port ?? null,
    onListenerError: (error) =>
      logger.error('A watcher of the status failed.', {
        reason: error instanceof Error ? error.message : String(error),
      }),
  });
}
