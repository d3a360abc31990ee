import type { PipelineStatus } from '#libs/contracts';
import { createEffect, createSignal, onCleanup } from 'solid-js';
import type { ConnectionState } from './connection.js';
import { formatCount, formatRate } from './format.js';

/** Numbers that change each second are noise when they are read out: a summary every half minute is not. */
const EVERY_MS = 30_000;

/** For those who hear the page. Losing the connection is told at once. */
export function Announcements(props: { status: PipelineStatus | undefined; connection: ConnectionState }) {
  const [text, setText] = createSignal('');
  const timer = setInterval(() => setText(summary(props.status)), EVERY_MS);
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

function summary(status: PipelineStatus | undefined): string {
  if (status === undefined) return '';
  const { rates, log, totals, audit } = status;
  const found = audit.lost === null ? 'not checked yet' : `${audit.lost} lost, ${audit.duplicated ?? 0} counted twice`;
  return `${formatRate(rates.insertedPerSecond)} events per second, ${formatCount(totals.events)} events held, ${formatCount(log.lag)} records behind. Audit: ${found}.`;
}
