import type { PipelineStatus } from '#libs/contracts';
import { For } from 'solid-js';
import { formatCount } from './format.js';

const KINDS: Readonly<Record<string, string>> = {
  'cache.window': 'counts of a cache over a window',
  'cache.access': 'sampled accesses',
  'cache.change': 'changes of a cache',
  'load.finished': 'loads that ended',
  'load.stalled': 'loads that are stuck',
  metric: 'metrics',
};

/** Events held, by kind. */
export function EventsPanel(props: { status: PipelineStatus | undefined }) {
  const most = () => Math.max(1, ...Object.values(props.status?.totals?.byKind ?? {}));
  return (
    <section class="panel kinds" aria-labelledby="kinds-title">
      <div class="panel-head">
        <h2 id="kinds-title">Events by kind</h2>
        <span class="muted total">
          {formatCount(props.status?.totals?.events)} {props.status?.totals?.exact === false ? 'about' : 'in all'}
        </span>
      </div>
      <table>
        <thead class="hidden">
          <tr>
            <th scope="col">Kind</th>
            <th scope="col">Share</th>
            <th scope="col">Events</th>
          </tr>
        </thead>
        <tbody>
          <For each={Object.keys(KINDS)}>
            {(kind) => {
              const count = () => props.status?.totals?.byKind[kind];
              return (
                <tr classList={{ none: count() === 0 }}>
                  <th scope="row" title={KINDS[kind]}>
                    {kind}
                  </th>
                  <td class="bar" aria-hidden="true">
                    <svg viewBox="0 0 100 4" preserveAspectRatio="none">
                      <rect class="part" width={((count() ?? 0) / most()) * 100} height="4" />
                    </svg>
                  </td>
                  <td class="number">{formatCount(count())}</td>
                </tr>
              );
            }}
          </For>
        </tbody>
      </table>
    </section>
  );
}
