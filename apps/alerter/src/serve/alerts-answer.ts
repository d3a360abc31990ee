import { fingerprintOf, type Alert } from '#libs/alerting';
import type { ActiveAlert, AlertsAnswer } from '#libs/contracts';

/** The answer of Prometheus' HTTP API to `GET /api/v1/alerts`: what is pending or fires, in a fixed order. Pure. */
export function alertsAnswer(alerts: readonly Alert[]): AlertsAnswer {
  const active = alerts.flatMap((alert): { key: string; alert: ActiveAlert }[] => {
    const { labels, annotations, state, activeAt, keepFiringSince, value } = alert;
    if (state === 'inactive') return [];
    const since = keepFiringSince === undefined ? {} : { keepFiringSince: new Date(keepFiringSince).toISOString() };
    const one = {
      labels,
      annotations,
      state,
      activeAt: new Date(activeAt).toISOString(),
      ...since,
      value: goFloat(value),
    };
    return [{ key: `${labels['alertname']} ${fingerprintOf(labels)}`, alert: one }];
  });
  active.sort((a, b) => (a.key < b.key ? -1 : 1));
  return { status: 'success', data: { alerts: active.map(({ alert }) => alert) } };
}

/** As Go's `FormatFloat(value, 'e', -1, 64)`, which Prometheus writes: `3e+00`. */
export function goFloat(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  const [digits, exponent] = value.toExponential().split('e') as [string, string];
  return `${Object.is(value, -0) ? '-0' : digits}e${exponent[0]}${exponent.slice(1).padStart(2, '0')}`;
}
