import { createSignal, onCleanup, Show } from 'solid-js';
import type { ConnectionState } from './connection.js';

const WORDS: Readonly<Record<ConnectionState['kind'], string>> = {
  connecting: 'Connecting',
  live: 'Live',
  lost: 'Connection lost',
  'key needed': 'Key needed',
};

/** How the page stands with the server; when the connection is lost, when it tries again, and a button to do so now. */
export function ConnectionBadge(props: { connection: ConnectionState; retry: () => void }) {
  const [now, setNow] = createSignal(Date.now());
  const ticking = setInterval(() => setNow(Date.now()), 1_000);
  onCleanup(() => clearInterval(ticking));
  const lost = () => (props.connection.kind === 'lost' ? props.connection : undefined);
  const seconds = () => Math.max(0, Math.ceil(((lost()?.retryAt ?? 0) - now()) / 1_000));
  return (
    <div class="connection" data-state={props.connection.kind}>
      <span class="dot" aria-hidden="true" />
      <span>{WORDS[props.connection.kind]}</span>
      <Show when={lost()}>
        <span class="muted wait">{seconds() > 0 ? `trying again in ${seconds()} s` : 'trying …'}</span>
        <button type="button" onClick={() => props.retry()}>
          Try now
        </button>
      </Show>
    </div>
  );
}
