import type { Alert } from '#libs/alerting';
import type { Metrics } from '#libs/operations';

/** What the gauges show, asked at each exposition. */
export interface AlerterView {
  /** Whether this alerter evaluates; while another one does, its series count. */
  readonly evaluating: boolean;
  readonly ruleNames: readonly string[];
  readonly active: readonly Alert[];
  /** Rules that could not be decided in the last evaluation. */
  readonly unknown: ReadonlySet<string>;
}

/** Instruments of the alerter. */
export class AlerterTelemetry {
  readonly evaluationSeconds;
  readonly #failures;

  constructor(metrics: Metrics, view: AlerterView) {
    this.evaluationSeconds = metrics.histogram(
      'alerter_evaluation_seconds',
      'Time of one evaluation of all rules, looks and storing included.',
    );
    this.#failures = metrics.counter(
      'alerter_evaluation_failures_total',
      'Evaluations whose outcome could not be stored, and so had no effect, by reason.',
      ['reason'],
    );
    metrics.gauge('alerter_evaluating', '1 when this alerter evaluates, 0 when it stands by.', [], (gauge) =>
      gauge.set(view.evaluating ? 1 : 0),
    );
    metrics.gauge(
      'alerter_alerts',
      'Active alerts, by the alerter that evaluates.',
      ['alertname', 'state'],
      (gauge) => {
        gauge.reset();
        if (!view.evaluating) return;
        for (const alertname of view.ruleNames)
          for (const state of ['pending', 'firing']) {
            const those = view.active.filter((one) => one.labels['alertname'] === alertname && one.state === state);
            gauge.set({ alertname, state }, those.length);
          }
      },
    );
    metrics.gauge(
      'alerter_rule_unknown',
      '1 when the rule could not be decided in the last evaluation; its alerts stay as they are.',
      ['alertname'],
      (gauge) => {
        gauge.reset();
        if (!view.evaluating) return;
        for (const alertname of view.ruleNames) gauge.set({ alertname }, view.unknown.has(alertname) ? 1 : 0);
      },
    );
  }

  failed(reason: string): void {
    this.#failures.inc({ reason });
  }
}
