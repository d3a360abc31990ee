import type { ActiveAlert, AlertsAnswer } from '#libs/contracts';
import { createEffect, createMemo, createSignal, onCleanup, type Accessor } from 'solid-js';

/** What the page shows of an alert that fires. */
export interface FiringAlert {
  readonly name: string;
  readonly severity: string;
  readonly summary: string;
  /** More than the summary; empty where there is nothing more. */
  readonly description: string;
  /** Where it is written what to do; empty where the alert names nothing. */
  readonly runbook: string;
  /** ISO 8601, as it was answered. */
  readonly since: string;
}

const EVERY_MS = 5_000;
const TIMEOUT_MS = 10_000;

/**
 * Asks for the alerts while the server is there. What was found last stays when a question fails, as the figures do.
 * Where the alerter is another program, this server has no alerts to answer with: it is asked once.
 */
export function watchAlerts(live: Accessor<boolean>, headers: () => HeadersInit): Accessor<readonly FiringAlert[]> {
  const [alerts, setAlerts] = createSignal<readonly FiringAlert[]>([]);
  const asks = createMemo(live);
  createEffect(() => {
    if (!asks()) return;
    const gone = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const ask = async (): Promise<'again' | 'never'> => {
      const signal = AbortSignal.any([gone.signal, AbortSignal.timeout(TIMEOUT_MS)]);
      const response = await fetch('/api/v1/alerts', { signal, cache: 'no-store', headers: headers() });
      if (response.status === 404) return 'never';
      if (response.ok) setAlerts(firing((await response.json()) as AlertsAnswer));
      return 'again';
    };
    const go = (): Promise<void> =>
      ask()
        .catch(() => 'again')
        .then((next) => {
          if (next === 'again' && !gone.signal.aborted) timer = setTimeout(() => void go(), EVERY_MS);
        });
    void go();
    onCleanup(() => {
      gone.abort();
      clearTimeout(timer);
    });
  });
  return alerts;
}

/** Those that fire, the critical ones first, in the order of the answer otherwise. Pure. */
export function firing({ data }: AlertsAnswer): FiringAlert[] {
  const shown = data.alerts.filter(({ state }) => state === 'firing').map(shownOf);
  return [...shown.filter(isCritical), ...shown.filter((one) => !isCritical(one))];
}

const isCritical = ({ severity }: FiringAlert) => severity === 'critical';

function shownOf({ labels, annotations, activeAt }: ActiveAlert): FiringAlert {
  const { alertname = 'An alert', severity = '' } = labels;
  const { summary = '', description = '', runbook = '' } = annotations;
  return { name: alertname, severity, summary, description, runbook, since: activeAt };
}

/** Where this server has a runbook that an alert names by its place in the documentation; undefined for any other. Pure. */
export function runbookPath(runbook: string): string | undefined {
  const name = /^docs\/runbooks\/([A-Za-z0-9-]+\.md)$/.exec(runbook)?.[1];
  return name === undefined ? undefined : `/runbooks/${name}`;
}
