import type { PipelineStatus } from '#libs/contracts';
import { createEffect, createSignal, onCleanup } from 'solid-js';
import type { ConnectionState } from './connection.js';
import { summary } from './status-words.js';

/** Numbers that change each second are noise when they are read out: a summary every half minute is not. */
const EVERY_MS = 30_000;

/** For those who hear the page. Losing the connection is told at once. */
export function Announcements(props: { status: PipelineStatus | undefined; connection: ConnectionState }) {
  const [text, setText] = createSignal('');
  const timer = setInterval(() => setText(props.status === undefined ? '' : summary(props.status)), EVERY_MS);
  onCleanup(() => clearInterval(timer));
  createEffect(() => {
    if (props.connection.kind === 'lost') setText('Connection lost. Trying again.');
    if (props.connection.kind === 'live') setText('Connected.');
  });
  return (
    <div class="hidden" role="status" aria-live="polite">
      {text()}
    </div>
  );
}
