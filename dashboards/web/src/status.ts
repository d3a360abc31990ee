import type { PipelineStatus, StatusPoint } from '#libs/contracts';
import { createSignal } from 'solid-js';
import { watchAlerts } from './alerts.js';
import { Connection, type ConnectionState } from './connection.js';

const KEY = 'alperf-key';
const MOST_POINTS = 240;

/** What the page knows: the last status, the recent past, what fires, and how the connection is. */
export function watchStatus() {
  const [status, setStatus] = createSignal<PipelineStatus>();
  const [points, setPoints] = createSignal<readonly StatusPoint[]>([]);
  const [connection, setConnection] = createSignal<ConnectionState>({ kind: 'connecting' });
  const stream = new Connection({
    url: '/v1/status/stream',
    headers: keyHeaders,
    onState: setConnection,
    onEvent: ({ name, data }) => {
      if (name === 'recent') setPoints(JSON.parse(data) as StatusPoint[]);
      if (name !== 'status') return;
      const next = JSON.parse(data) as PipelineStatus;
      setStatus(next);
      if (next.rates === null) return;
      const { acceptedPerSecond, insertedPerSecond } = next.rates;
      setPoints((before) =>
        before.at(-1)?.at === next.at
          ? before
          : [...before, { at: next.at, acceptedPerSecond, insertedPerSecond }].slice(-MOST_POINTS),
      );
    },
  });
  stream.open();
  return {
    status,
    points,
    alerts: watchAlerts(() => connection().kind === 'live', keyHeaders),
    connection,
    retry: () => stream.open(),
    useKey: (key: string) => {
      sessionStorage.setItem(KEY, key);
      stream.open();
    },
  };
}

/** The key is kept for this tab only: one that stays behind in a browser is a key lost. */
function keyHeaders(): Readonly<Record<string, string>> {
  const key = sessionStorage.getItem(KEY);
  return key === null ? {} : { authorization: `Bearer ${key}` };
}
