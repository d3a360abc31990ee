import type { Metrics } from '#libs/operations';
import type { AuditRow } from './audit-store.js';

/** The promise anyone can see: both 0. */
export class AuditTelemetry {
  readonly #lost;
  readonly #duplicated;
  readonly #checked;
  readonly #full;
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
    this.#checked = metrics.gauge(
      'pipeline_audit_checked_timestamp_seconds',
      'When the audit last worked on a scope, in seconds since 1970: the two gauges above are as old as that.',
      ['scope'],
    );
    this.#full = metrics.gauge(
      'pipeline_audit_full_check_timestamp_seconds',
      'When the audit last finished a rotation over all of a scope, in seconds since 1970.',
      ['scope'],
    );
    this.#gaps = metrics.gauge('pipeline_open_gaps', 'Batches that emitters have numbered and that have not come yet.');
    this.#rounds = metrics.counter('aggregator_audit_rounds_total', 'Rounds of the audit that were finished.');
    this.#failures = metrics.counter('aggregator_audit_failures_total', 'Scopes and rounds of the audit that failed.');
  }

  /** What a scope showed stands, with its age, until it is looked at again. */
  scope({ scope, finding, time, full }: AuditRow): void {
    this.#lost.set({ scope }, finding.lost);
    this.#duplicated.set({ scope }, finding.duplicated);
    this.#checked.set({ scope }, time / 1_000);
    if (full) this.#full.set({ scope }, time / 1_000);
  }

  /** The scope is somebody else's now. */
  forget(scope: string): void {
    for (const gauge of [this.#lost, this.#duplicated, this.#checked, this.#full]) gauge.remove({ scope });
  }

  openGaps(gaps: number): void {
    this.#gaps.set(gaps);
  }

  finished(): void {
    this.#rounds.inc();
  }

  failed(): void {
    this.#failures.inc();
  }
}
