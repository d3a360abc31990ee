import { Module, type DynamicModule } from '@nestjs/common';
import { AggregatorModule, type AggregatorOptions } from '#apps/aggregator';
import { AlerterModule, type AlerterOptions } from '#apps/alerter';
import { ApiModule, type ApiOptions } from '#apps/api';
import { CollectorModule, type CollectorOptions } from '#apps/collector';

export interface StandaloneModuleOptions {
  readonly collector: CollectorOptions;
  readonly aggregator: AggregatorOptions;
  readonly alerter: AlerterOptions;
  readonly api: ApiOptions;
}

/** Collector, aggregator, alerter and API in one application, on one origin. Needs OperationsModule beside it. */
@Module({})
export class StandaloneModule {
  static register({ collector, aggregator, alerter, api }: StandaloneModuleOptions): DynamicModule {
    return {
      module: StandaloneModule,
      imports: [
        CollectorModule.register(collector),
        AggregatorModule.register(aggregator),
        AlerterModule.register(alerter),
        ApiModule.register(api),
      ],
    };
  }
}
