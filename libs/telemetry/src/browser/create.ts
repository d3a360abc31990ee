import { SystemClock, type Clock } from '#libs/time';
import { refuseMistakes } from '../creation.js';
import { Telemetry, type TelemetryOptions } from '../telemetry.js';
import { BrowserPage } from './browser-page.js';
import { FetchTransport } from './fetch-transport.js';
import { StreamGzip } from './gzip.js';

export interface BrowserTelemetryOptions extends Omit<
  TelemetryOptions,
  'transport' | 'clock' | 'random' | 'compression' | 'spool'
> {
  /** Base of the collector, such as `https://collector.example`. */
  readonly endpoint: string;
  /** Anybody can read it in the page: give it the scope to post and nothing else. */
  readonly key?: string;
  /** Longest that an attempt may take, ms. Default 30,000; 1 to 2,147,483,647. */
  readonly timeoutMs?: number;
  readonly clock?: Clock;
  readonly random?: () => number;
}

/**
 * Telemetry for a page: fetch with keepalive, gzip, 10 s windows, batches that a beacon can take (50,000 bytes), and
 * beacons when the page is hidden or goes away. Every page draws its own instance, so tabs never share one. In a worker,
 * which no event tells that it ends, call `shutdown`.
 * @throws TypeError that lists the options that cannot work: mistakes of the program, which show at once and only here.
 */
export function createTelemetry(options: BrowserTelemetryOptions): Telemetry {
  refuseMistakes(options, { base: typeof location === 'undefined' ? undefined : location.href });
  const { endpoint, key, timeoutMs, control, clock = new SystemClock(), ...rest } = options;
  const telemetry = new Telemetry({
    random: () => crypto.getRandomValues(new Uint32Array(1))[0]! / 2 ** 32,
    windowMs: 10_000,
    maxBatchBytes: MAX_BATCH_BYTES,
    ...rest,
    clock,
    transport: new FetchTransport({
      endpoint,
      clock,
      sendBeacon: (url, body) => navigator.sendBeacon(url, body),
      ...(key !== undefined && { key }),
      ...(timeoutMs !== undefined && { timeoutMs }),
    }),
    ...(control !== undefined && { control: (host) => control({ ...host, page: new BrowserPage() }) }),
    ...(typeof CompressionStream === 'function' && { compression: new StreamGzip() }),
  });
  leaveWithThePage(telemetry);
  return telemetry;
}

/** With header and key it must fit into the 60,000 bytes that a page may have in flight, uncompressed. */
const MAX_BATCH_BYTES = 50_000;

/** Hidden is the last thing that a page on a phone hears; pagehide covers the rest. */
function leaveWithThePage(telemetry: Telemetry): void {
  if (typeof document === 'undefined') return;
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'hidden') telemetry.leave();
    else telemetry.resume();
  });
  addEventListener('pagehide', () => telemetry.leave());
  addEventListener('pageshow', () => telemetry.resume());
  addEventListener('online', () => telemetry.resume());
}
