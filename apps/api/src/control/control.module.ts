import { randomUUID } from 'node:crypto';
import { Inject, Module, type BeforeApplicationShutdown, type DynamicModule, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyInstance } from 'fastify';
import { Access, Health, Logger, Metrics } from '#libs/operations';
import { StateStore } from '#libs/state-store';
import { Clock } from '#libs/time';
import { ControlDesk } from './control-desk.js';
import { controlRoutes, type ControlRoutesParts } from './control-routes.js';
import { CONTROL_SCOPE, ControlState } from './control-state.js';
import { ControlStreams } from './control-streams.js';
import { ControlWatch } from './control-watch.js';
import { InstanceReports } from './instance-reports.js';

export interface ControlOptions {
  readonly access: Access;
  /** Opened and closed by whoever hosts the API. */
  readonly state: StateStore;
  /** Yields [0, 1): jitter. */
  readonly random: () => number;
  readonly heartbeatMs?: number;
  readonly maxListeners?: number;
  readonly rates?: NonNullable<ControlRoutesParts['rates']>;
}

const OPTIONS = Symbol('CONTROL_OPTIONS');

/** The control channel on the Nest application that hosts it, which must run on Fastify. Needs OperationsModule beside it. */
@Module({})
export class ControlModule implements OnModuleInit, BeforeApplicationShutdown {
  #stop: (() => Promise<void>) | undefined;

  constructor(
    private readonly host: HttpAdapterHost,
    private readonly clock: Clock,
    private readonly logger: Logger,
    private readonly metrics: Metrics,
    private readonly health: Health,
    private readonly access: Access,
    private readonly store: StateStore,
    @Inject(OPTIONS) private readonly options: ControlOptions,
  ) {}

  static register(options: ControlOptions): DynamicModule {
    return {
      module: ControlModule,
      providers: [
        { provide: OPTIONS, useValue: options },
        { provide: Access, useValue: options.access },
        { provide: StateStore, useValue: options.state },
      ],
    };
  }

  async onModuleInit(): Promise<void> {
    const { clock, store, access } = this;
    const { random, heartbeatMs, maxListeners, rates } = this.options;
    const log = this.logger.with({ app: 'api' });
    const state = new ControlState(store, clock, random);
    const watch = new ControlWatch({ state, clock, log });
    const streams = new ControlStreams({
      clock,
      watch,
      ...(heartbeatMs !== undefined && { heartbeatMs }),
      ...(maxListeners !== undefined && { maxListeners }),
    });
    const reports = new InstanceReports({
      store,
      clock,
      random,
      streams,
      log,
      process: randomUUID(),
      validOf: (commands) => watch.validOf(commands),
    });
    const desk = new ControlDesk({ state, watch, reports, clock, drawId: randomUUID });
    // Before the first instance listens: it would be told that nothing is desired else.
    await watch.look();
    watch.start();
    reports.start();
    const takeBack = this.health.add('control state', async () => {
      await store.get(CONTROL_SCOPE, 'head');
      return 'What is desired of caches can be read.';
    });
    this.metrics.gauge('api_control_listeners', 'Instances that listen to the control channel.', [], (gauge) =>
      gauge.set(streams.size),
    );
    this.metrics.gauge('api_control_cut_off', 'Listeners cut off because they did not read.', [], (gauge) =>
      gauge.set(streams.cutOff),
    );
    this.#stop = async () => {
      takeBack();
      streams.closeAll();
      await watch.stop();
      await reports.stop();
      await state.close();
    };
    // A context without a server has none.
    if (this.host.httpAdapter === undefined || this.host.httpAdapter === null) return;
    await this.host.httpAdapter
      .getInstance<FastifyInstance>()
      .register(controlRoutes({ desk, state, reports, streams, access, clock, log, ...(rates && { rates }) }));
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.#stop?.();
  }
}
