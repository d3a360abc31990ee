import { createSignal, Show } from 'solid-js';
import { Announcements } from './announcements.js';
import { AlertsPanel } from './alerts-panel.js';
import { AuditPanel } from './audit-panel.js';
import { CachePanel } from './cache-panel.js';
import { ConnectionBadge } from './connection-badge.js';
import { EventsPanel } from './events-panel.js';
import { FirstSteps } from './first-steps.js';
import { FlowStrip } from './flow-strip.js';
import { KeyForm } from './key-form.js';
import { RateChart } from './rate-chart.js';
import { watchStatus } from './status.js';

export function App() {
  const { status, points, alerts, connection, retry, useKey } = watchStatus();
  const [dismissed, setDismissed] = createSignal(false);
  const isEmpty = () => {
    const found = status();
    return found !== undefined && found.totals?.events === 0 && found.log.partitions.every(({ next }) => next === 0);
  };
  const keyNeeded = () => {
    const state = connection();
    return state.kind === 'key needed' ? state : undefined;
  };
  return (
    <div class="page" classList={{ stale: connection().kind === 'lost' }}>
      <header class="top">
        <h1>
          <img src="/favicon.svg" alt="" width="28" height="28" />
          <span>AlLibrary Performance</span>
        </h1>
        <ConnectionBadge connection={connection()} retry={retry} />
      </header>
      <main>
        <Show
          when={keyNeeded()}
          fallback={
            <>
              <AlertsPanel alerts={alerts()} />
              <FlowStrip status={status()} live={connection().kind === 'live'} />
              <Show when={isEmpty() && !dismissed()}>
                <FirstSteps close={() => setDismissed(true)} />
              </Show>
              <div class="columns">
                <RateChart status={status()} points={points()} />
                <AuditPanel status={status()} />
              </div>
              <div class="columns even">
                <CachePanel status={status()} />
                <EventsPanel status={status()} />
              </div>
            </>
          }
        >
          {(state) => <KeyForm refused={state().refused} useKey={useKey} />}
        </Show>
      </main>
      <Show when={keyNeeded() === undefined}>
        <footer>
          <Show when={status()?.sql.port}>
            {(port) => (
              <span>
                SQL at <code>{`http://${location.hostname}:${port()}`}</code>
              </span>
            )}
          </Show>
          <nav aria-label="For programs">
            <a href="/v1/status">status as JSON</a>
            <a href="/metrics">metrics</a>
            <a href="/ready">readiness</a>
            <a href="/openapi.json">OpenAPI</a>
          </nav>
        </footer>
      </Show>
      <Announcements status={status()} connection={connection()} />
    </div>
  );
}
