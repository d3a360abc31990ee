import type { Metrics } from '#libs/operations';

/** What retention says of the clock that it goes by. */
export class RetentionTelemetry {
  readonly #doubt;
  readonly #jumps;

  constructor(metrics: Metrics) {
    this.#doubt = metrics.gauge(
      'aggregator_retention_clock_doubt_seconds',
      'How far the clock is ahead of what it has shown for long enough to drop data by.',
    );
    this.#jumps = metrics.counter(
      'aggregator_clock_jumps_total',
      'How often the clock went forward by more than the time that passed.',
    );
  }

  looked(doubtSeconds: number): void {
    this.#doubt.set(doubtSeconds);
  }

  jumped(): void {
    this.#jumps.inc();
  }
}
