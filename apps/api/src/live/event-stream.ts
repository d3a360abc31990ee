import type { ServerResponse } from 'node:http';

/** One event of a server-sent event stream. `data` is JSON: it holds no line feed. */
export function formatEvent(event: { id: string; name: string; data: unknown }): string {
  return `id: ${event.id}\nevent: ${event.name}\ndata: ${JSON.stringify(event.data)}\n\n`;
}

/** A line that clients ignore: it keeps proxies and both ends aware that the other one is there. */
export const HEARTBEAT = ': heartbeat\n\n';

/** How soon a client that lost the stream asks again, ms. */
const RECONNECT_MS = 2_000;

/** What a client may leave unread before events for it are left out, bytes. Each status replaces the one before it. */
const MAX_UNREAD_BYTES = 262_144;

/** Of every stream's answer. */
export const STREAM_HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  // nginx otherwise holds events back until a buffer is full.
  'x-accel-buffering': 'no',
};

/** One client's side of a stream. A slow client misses statuses, it does not pile them up here. */
export class EventStream {
  #closed = false;

  constructor(private readonly response: ServerResponse) {
    response.writeHead(200, STREAM_HEADERS);
    response.write(`retry: ${RECONNECT_MS}\n\n`);
  }

  get closed(): boolean {
    return this.#closed || this.response.destroyed;
  }

  /** @returns false when the client is too far behind and this was left out. */
  send(text: string): boolean {
    if (this.closed) return false;
    if (this.response.writableLength > MAX_UNREAD_BYTES) return false;
    this.response.write(text);
    return true;
  }

  onClosed(callback: () => void): void {
    this.response.once('close', callback);
  }

  close(): void {
    if (this.closed) return;
    this.#closed = true;
    this.response.end();
  }
}
