import { createSignal } from 'solid-js';
import { alperfAt } from './commands.js';

/** Any text is a trace: each of its lines is a key. This one is in every checkout. */
const REPLAY = 'replay package-lock.json --format keys --size 10%';

/** What to do while nothing has come yet: two commands that work as they stand. */
export function FirstSteps(props: { close: () => void }) {
  return (
    <section class="first" aria-labelledby="first-title">
      <div class="panel-head">
        <h2 id="first-title">Everything runs. Nothing has come yet.</h2>
        <button type="button" class="quiet" onClick={() => props.close()}>
          Hide
        </button>
      </div>
      <p>Replay a trace through a real cache, in another terminal, in this checkout:</p>
      <Command text={alperfAt(location.origin, REPLAY)} />
      <p>Or post an event by hand:</p>
      <Command text={curlCommand(location.origin, instance(), Date.now())} />
    </section>
  );
}

function Command(props: { text: string }) {
  const [copied, setCopied] = createSignal(false);
  const copy = () =>
    navigator.clipboard.writeText(props.text).then(
      () => {
        setCopied(true);
        setTimeout(() => setCopied(false), 2_000);
      },
      // Without the permission the text is still there to be selected.
      () => undefined,
    );
  return (
    <div class="command">
      <pre tabindex="0">
        <code>{props.text}</code>
      </pre>
      <button type="button" onClick={() => void copy()}>
        {copied() ? 'Copied' : 'Copy'}
      </button>
    </div>
  );
}

/** One metric, with a time that is accepted now. Pure. */
export function curlCommand(origin: string, instance: string, now: number): string {
  const batch = {
    schema: 1,
    emitter: { service: 'hello', instance, version: '1' },
    sequence: 0,
    sentAt: now,
    events: [{ kind: 'metric', time: now, name: 'hello_total', type: 'counter', value: 1 }],
  };
  return `curl ${origin}/v1/events -H 'content-type: application/json' -d '${JSON.stringify(batch)}'`;
}

/** randomUUID is missing where a page did not come over TLS or from this machine. */
function instance(): string {
  const hex = [...crypto.getRandomValues(new Uint8Array(16))]
    .map((byte) => byte.toString(16).padStart(2, '0'))
    .join('');
  return [hex.slice(0, 8), hex.slice(8, 12), `4${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20)].join('-');
}
