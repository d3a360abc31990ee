import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { BrowserTelemetryOptions, createTelemetry } from '#libs/telemetry/browser';

/** What the page under test holds on its window. */
export interface TelemetryPage {
  readonly createTelemetry: typeof createTelemetry;
  telemetry: ReturnType<typeof createTelemetry>;
  /** What the page asked the browser to send, and whether the browser took it. */
  readonly sent: {
    readonly fetches: { readonly bytes: number; readonly keepalive: boolean; readonly authorization: string }[];
    readonly beacons: { readonly bytes: number; readonly type: string; readonly taken: boolean }[];
    /** Bytes of keepalive requests without an answer and of all beacons: the most at any time. */
    mostInFlight: number;
  };
}

/** The browser's own ways, watched: everything goes on to the browser as it came. */
const WATCH = `
  const sent = { fetches: [], beacons: [], mostInFlight: 0 };
  let inFlight = 0;
  const takeOff = (bytes) => { inFlight += bytes; sent.mostInFlight = Math.max(sent.mostInFlight, inFlight); };
  const ownFetch = window.fetch.bind(window);
  window.fetch = async (url, init) => {
    const bytes = init.body.byteLength;
    const { keepalive, headers } = init;
    sent.fetches.push({ bytes, keepalive, authorization: headers.authorization ?? '' });
    if (keepalive) takeOff(bytes);
    try { return await ownFetch(url, init); } finally { if (keepalive) inFlight -= bytes; }
  };
  const ownBeacon = navigator.sendBeacon.bind(navigator);
  navigator.sendBeacon = (url, body) => {
    const taken = ownBeacon(url, body);
    sent.beacons.push({ bytes: body.size, type: body.type, taken });
    if (taken) takeOff(body.size);
    localStorage.setItem('beacons', JSON.stringify(sent.beacons));
    return taken;
  };
  window.sent = sent;
`;

const HTML = `<!doctype html><meta charset="utf-8"><title>A page with telemetry</title><p>Here.</p>
<script>${WATCH}</script>
<script type="module">
  import { createTelemetry } from '/telemetry.js';
  window.createTelemetry = createTelemetry;
  document.title = 'Ready';
</script>`;

export interface PageServer {
  readonly origin: string;
  stop(): Promise<void>;
}

/** Serves a page with a bundle, as `/telemetry.js`, at `/`, and another one to go to at `/away`. */
export async function servePage(bundle: string, html = HTML): Promise<PageServer> {
  const server = createServer((request, response) => {
    const script = request.url === '/telemetry.js';
    response.writeHead(200, { 'content-type': script ? 'text/javascript' : 'text/html; charset=utf-8' });
    response.end(script ? bundle : request.url === '/' ? html : '<!doctype html><title>Away</title>');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Options of the telemetry in the page: those that can travel there. */
export type PageOptions = Omit<BrowserTelemetryOptions, 'clock' | 'random' | 'onError'>;
