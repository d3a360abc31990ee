import type { PipelineStatus } from '#libs/contracts';
import { For } from 'solid-js';
import { formatCount, formatRatio } from './format.js';

/** Requests to all caches, by result. */
export function CachePanel(props: { status: PipelineStatus | undefined }) {
  const cache = () => props.status?.cache;
  const rows = () =>
    [
      { name: 'Hits', count: cache()?.hits, always: true },
      { name: 'Misses', count: cache()?.misses, always: true },
      { name: 'Stale hits', count: cache()?.staleHits, always: false },
      { name: 'Negative hits', count: cache()?.negativeHits, always: false },
      { name: 'Errors', count: cache()?.errors, always: false },
    ].filter(({ count, always }) => always || (count ?? 0) > 0);
  const share = () => (cache()?.hitRatio ?? 0) * 100;
  return (
    <section class="panel cache" aria-labelledby="cache-title">
      <div class="panel-head">
        <h2 id="cache-title">Caches</h2>
      </div>
      <div class="pair">
        <div>
          <span class="big">{formatCount(cache()?.requests)}</span>
          <span class="unit">requests</span>
        </div>
        <div>
          <span class="big">{formatRatio(cache()?.hitRatio)}</span>
          <span class="unit">hit ratio</span>
        </div>
      </div>
      <svg class="share" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true">
        <rect class="rest" width="100" height="4" />
        <rect class="part" width={share()} height="4" />
      </svg>
      <dl>
        <For each={rows()}>
          {(row) => (
            <div>
              <dt>{row.name}</dt>
              <dd>{formatCount(row.count)}</dd>
            </div>
          )}
        </For>
      </dl>
    </section>
  );
}
