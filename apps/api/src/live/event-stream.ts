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

  /** @param headers besides those of every stream. */
  constructor(
    private readonly response: ServerResponse,
    headers: Readonly<Record<string, string>> = {},
  ) {
    response.writeHead(200, { ...STREAM_HEADERS, ...headers });
    response.write(`retry: ${RECONNECT_MS}\n\n`);
  }

  get closed(): boolean {
    return this.#closed || this.response.destroyed;
  }

  /** What was sent and has not left this process, bytes. */
  get unread(): number {
    return this.response.writableLength;
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

  /** Called each time that all of what was sent has left, after some of it had to wait. */
  onDrained(callback: () => void): void {
    this.response.on('drain', callback);
  }

  /** Ends it without waiting for what is unread: for a client that does not read. */
  cutOff(): void {
    this.#closed = true;
    this.response.destroy();
  }

  close(): void {
    if (this.closed) return;
    this.#closed = true;
    this.response.end();
  }
}
