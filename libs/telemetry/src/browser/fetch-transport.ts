import type { Clock } from '#libs/time';
import { Transport, type Answer, type Delivery } from '../ports.js';
import { InFlightBytes } from './in-flight.js';

export interface FetchTransportOptions {
  /** Base of the collector; batches go to `/v1/events` below it. */
  readonly endpoint: string;
  readonly key?: string;
  readonly clock: Clock;
  /** Longest silence of the collector before an attempt fails, ms. Default 30,000. */
  readonly timeoutMs?: number;
  /** The browser's own; handed in by tests. */
  readonly fetch?: typeof fetch;
  readonly sendBeacon?: (url: string, body: Blob) => boolean;
}

/** How long a beacon counts as in flight: nothing tells when it has arrived. */
const BEACON_FLIGHT_MS = 10_000;

/** Posts by fetch, with keepalive while the bytes in flight allow it, so that a page going away does not cut it off. */
export class FetchTransport extends Transport {
  readonly inFlight = new InFlightBytes();
  readonly #options: FetchTransportOptions;
  readonly #url: string;

  constructor(options: FetchTransportOptions) {
    super();
    this.#options = options;
    this.#url = `${options.endpoint.replace(/\/$/, '')}/v1/events`;
    if (options.sendBeacon !== undefined) this.beacon = (plain) => this.#beacon(plain);
  }

  async send({ body, encoding }: Delivery, signal: AbortSignal): Promise<Answer> {
    const { key, clock, timeoutMs = 30_000, fetch: post = fetch } = this.#options;
    const keepalive = this.inFlight.take(body.length);
    // By hand: AbortSignal.any is younger than some web views that this runs in.
    const ending = new AbortController();
    const stop = () => ending.abort(signal.reason);
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
    const timer = clock.setTimer(() => ending.abort(new Error('the collector did not answer in time')), timeoutMs);
    try {
      const response = await post(this.#url, {
        method: 'POST',
        body: body as BodyInit,
        keepalive,
        credentials: 'omit',
        referrerPolicy: 'no-referrer',
        signal: ending.signal,
        headers: {
          'content-type': 'application/json',
          ...(encoding !== 'identity' && { 'content-encoding': encoding }),
          ...(key !== undefined && { authorization: `Bearer ${key}` }),
        },
      });
      const retryAfter = response.headers.get('retry-after') ?? undefined;
      return { status: response.status, retryAfter, body: await response.text() };
    } finally {
      timer.cancel();
      signal.removeEventListener('abort', stop);
      if (keepalive) this.inFlight.give(body.length);
    }
  }

  /** A beacon has neither headers nor an answer: the key is its first line, and the batch stays to be sent again. */
  #beacon(plain: Uint8Array): boolean {
    const { key, clock, sendBeacon } = this.#options;
    const preamble = `${JSON.stringify(key === undefined ? {} : { key })}\n`;
    const body = new Blob([preamble, plain as BlobPart], { type: 'text/plain' });
    if (!this.inFlight.take(body.size)) return false;
    let taken = false;
    try {
      taken = sendBeacon!(this.#url, body);
    } finally {
      if (taken) clock.setTimer(() => this.inFlight.give(body.size), BEACON_FLIGHT_MS, { unref: true });
      else this.inFlight.give(body.size);
    }
    return taken;
  }
}
