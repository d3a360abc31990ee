import { Inject, Module, type DynamicModule, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyInstance } from 'fastify';
import { AGGREGATOR_GROUP, EVENTS_TOPIC } from '#libs/contracts';
import { EventLog } from '#libs/event-log';
import { Access, Health, Logger, Metrics } from '#libs/operations';
import { Clock } from '#libs/time';
import { latenessProblem } from './admission/lateness-check.js';
import { RateLimiter } from './admission/rate-limit.js';
import { ServiceCaps } from './admission/service-caps.js';
import { Collector } from './collector.js';
import type { CollectorConfig } from './config.js';
import { DeadLetterReplay } from './dead-letters/dead-letter-replay.js';
import { replayRoute } from './dead-letters/replay-route.js';
import { eventsRoute } from './ingest/events-route.js';
import { InFlight } from './ingest/in-flight.js';
import { LagCheck, NoLagCheck } from './publish/lag-check.js';
import { Publisher } from './publish/publisher.js';
import { CollectorTelemetry } from './telemetry.js';

const COLLECTOR_CONFIG = Symbol('COLLECTOR_CONFIG');

export interface CollectorOptions {
  readonly config: CollectorConfig;
  /** Who may post; shared with whoever listens on the same port. */
  readonly access: Access;
  /** Opened and closed by whoever hosts the collector. */
  readonly eventLog: EventLog;
  /** Default: none, for a log that keeps what is not read. */
  readonly lagCheck?: LagCheck;
}

/**
 * The collector on the Nest application that hosts it, which must run on Fastify (see `httpAdapter`).
 * Needs OperationsModule beside it: Clock, Logger, Metrics and Health come from there.
 */
@Module({})
export class CollectorModule implements OnModuleInit, OnApplicationShutdown {
  readonly #takeBack: (() => void)[] = [];

  constructor(
    private readonly host: HttpAdapterHost,
    private readonly clock: Clock,
    private readonly logger: Logger,
    private readonly metrics: Metrics,
    private readonly health: Health,
    private readonly eventLog: EventLog,
    private readonly access: Access,
    private readonly lag: LagCheck,
    @Inject(COLLECTOR_CONFIG) private readonly config: CollectorConfig,
  ) {}

  static register({ config, access, eventLog, lagCheck = new NoLagCheck() }: CollectorOptions): DynamicModule {
    return {
      module: CollectorModule,
      providers: [
        { provide: COLLECTOR_CONFIG, useValue: config },
        { provide: Access, useValue: access },
        { provide: EventLog, useValue: eventLog },
        { provide: LagCheck, useValue: lagCheck },
      ],
    };
  }

  async onModuleInit(): Promise<void> {
    const { config, clock, access } = this;
    await this.eventLog.ensureTopic(EVENTS_TOPIC, { partitions: config.partitions });
    const inFlight = new InFlight(config.maxInFlightBytes);
    const caps = new ServiceCaps(config.caps, config.labels);
    const telemetry = new CollectorTelemetry(this.metrics, {
      inFlightBytes: () => inFlight.bytes,
      distinctValues: () => caps.size,
    });
    const publisher = new Publisher(this.eventLog, this.lag);
    const rates = new RateLimiter(config.rate, clock);
    const collector = new Collector(config, clock, access, rates, caps, publisher, telemetry);
    const log = this.logger.with({ app: 'collector' });
    const fastify = this.host.httpAdapter.getInstance<FastifyInstance>();
    await fastify.register(eventsRoute({ collector, access, inFlight, telemetry, log }));
    const replay = new DeadLetterReplay(config, clock, rates, caps, publisher);
    await fastify.register(replayRoute({ replay, access, inFlight, telemetry }));
    this.#takeBack.push(
      this.health.add('log', () => this.#durability()),
      this.health.add('lag', () => this.#lag()),
      this.health.add('lateness', () => this.#lateness()),
    );
  }

  onApplicationShutdown(): void {
    for (const takeBack of this.#takeBack) takeBack();
  }

  async #durability(): Promise<string> {
    const { durable, detail } = await this.eventLog.durability(EVENTS_TOPIC);
    if (!durable) throw new Error(detail);
    return detail;
  }

  async #lateness(): Promise<string> {
    const committed = await this.eventLog.committed(EVENTS_TOPIC, AGGREGATOR_GROUP);
    // Told, not failed: a partition in which nothing comes has its old commit, and would keep everything from coming.
    return latenessProblem(this.config.maxAgeMs, committed) ?? 'No aggregator said that it allows less lateness.';
  }

  async #lag(): Promise<string> {
    const problem = this.lag.problem();
    if (problem !== undefined) throw new Error(problem);
    return 'The log is far from cutting what is not read.';
  }
}
