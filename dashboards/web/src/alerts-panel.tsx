import { Index, Show } from 'solid-js';
import { runbookPath, type FiringAlert } from './alerts.js';
import { formatMoment } from './format.js';

/**
 * What fires, above everything else; nothing at all while nothing does. It is read out when it comes or changes: for that
 * it says since when, not for how long, and by Index only a text that changed is written anew.
 */
export function AlertsPanel(props: { alerts: readonly FiringAlert[] }) {
  return (
    <Show when={props.alerts.length > 0}>
      <section class="alerts" role="alert" aria-label="Alerts that fire">
        <ul>
          <Index each={props.alerts}>
            {(alert) => (
              <li data-severity={alert().severity}>
                <p class="alert-head">
                  <strong>{alert().name}</strong>
                  <Show when={alert().severity}>
                    <span class="badge">{alert().severity}</span>
                  </Show>
                  <span class="muted">
                    since <time dateTime={alert().since}>{formatMoment(alert().since)}</time>
                  </span>
                </p>
                <p>{alert().summary}</p>
                <Show when={alert().description}>
                  {/* It may tell times and figures that change at every look: it is read by who wants to, not read out. */}
                  <p class="muted" aria-live="off">
                    {alert().description}
                  </p>
                </Show>
                <Show when={alert().runbook}>
                  <p class="hint">
                    What to do:{' '}
                    <Show when={runbookPath(alert().runbook)} fallback={<code>{alert().runbook}</code>}>
                      {(path) => (
                        <a href={path()} target="_blank" rel="noopener">
                          {alert().runbook}
                        </a>
                      )}
                    </Show>
                  </p>
                </Show>
              </li>
            )}
          </Index>
        </ul>
      </section>
    </Show>
  );
}
