import { Module, type DynamicModule } from '@nestjs/common';
import { Clock } from '#libs/time';
import { Health } from '../health/health.js';
import { Logger } from '../logger/logger.js';
import { Metrics } from '../metrics/metrics.js';
import { HealthController } from './health.controller.js';
import { MetricsController } from './metrics.controller.js';

export interface OperationsOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly health: Health;
}

/**
 * What every app needs to be run: Clock, Logger, Metrics and Health as global providers, and `GET /health`, `/ready`,
 * `/metrics`. Import it once, in the module at the root of the program.
 */
@Module({})
export class OperationsModule {
  static register({ clock, logger, metrics, health }: OperationsOptions): DynamicModule {
    return {
      module: OperationsModule,
      global: true,
      controllers: [HealthController, MetricsController],
      providers: [
        { provide: Clock, useValue: clock },
        { provide: Logger, useValue: logger },
        { provide: Metrics, useValue: metrics },
        { provide: Health, useValue: health },
      ],
      exports: [Clock, Logger, Metrics, Health],
    };
  }
}
