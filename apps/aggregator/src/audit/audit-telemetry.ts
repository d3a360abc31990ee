import type { Metrics } from '#libs/operations';
import type { AuditRow } from './audit-store.js';

/** The promise anyone can see: both 0. */
export class AuditTelemetry {
  readonly #lost;
  readonly #duplicated;
  readonly #gaps;
  readonly #rounds;
  readonly #failures;

  constructor(metrics: Metrics) {
    this.#lost = metrics.gauge(
      'pipeline_lost_events',
      'Events that the log or a finer level has and a coarser one lacks, by scope of the audit.',
      ['scope'],
    );
    this.#duplicated = metrics.gauge(
      'pipeline_duplicated_events',
      'Events that are counted more often than they happened, by scope of the audit.',
      ['scope'],
    );
    this.#gaps = metrics.gauge('pipeline_open_gaps', 'Batches that emitters have numbered and that have not come yet.');
    this.#rounds = metrics.counter('aggregator_audit_rounds_total', 'Rounds of the audit that were finished.');
    this.#failures = metrics.counter('aggregator_audit_failures_total', 'Rounds of the audit that failed.');
  }

  round(rows: readonly AuditRow[], openGaps: number): void {
    this.#lost.reset();
    this.#duplicated.reset();
    for (const { scope, finding } of rows) {
      this.#lost.set({ scope }, finding.lost);
      this.#duplicated.set({ scope }, finding.duplicated);
    }
    this.#gaps.set(openGaps);
    this.#rounds.inc();
  }

  failed(): void {
    this.#failures.inc();
  }
}
