import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from 'node:zlib';
import type { Batch, Event } from '#libs/contracts';

/** How a collector is told to answer: a status, or no answer at all. */
export type Reply =
  { readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly body?: string } | 'hang up';

export interface ReceivedRequest {
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly key: string | undefined;
  /** The batch as it was before compression, without a beacon's preamble. */
  readonly bytes: Buffer;
  /** The body as it travelled. */
  readonly wire: Buffer;
  readonly batch: Batch;
}

/**
 * A collector on 127.0.0.1 that keeps what it receives and answers as told. `batches` holds what it answered with 202,
 * each identity once, as the pipeline would count it; a second batch of other bytes under one identity is a conflict.
 */
export class RecordingCollector {
  readonly requests: ReceivedRequest[] = [];
  readonly batches: Batch[] = [];
  readonly conflicts: string[] = [];
  resends = 0;
  readonly #server: Server;
  readonly #seen = new Map<string, string>();
  readonly #replies: Reply[] = [];
  readonly #waiting = new Set<() => void>();
  /** What is answered once the told replies are used up. Undefined: 202. */
  always: ((request: ReceivedRequest) => Reply | undefined) | undefined;

  private constructor() {
    this.#server = createServer((request, response) => {
      void this.#receive(request).then((received) => {
        const reply = this.#replies.shift() ?? this.always?.(received) ?? { status: 202 };
        if (reply === 'hang up') request.socket.destroy();
        else {
          if (reply.status === 202) this.#accept(received);
          response.writeHead(reply.status, {
            'content-type': 'application/json',
            'access-control-allow-origin': '*',
            ...reply.headers,
          });
          response.end(reply.body ?? defaultBody(reply.status, received));
        }
        for (const look of this.#waiting) look();
      });
    });
  }

  /** Starts on a free port, or on one given. */
  static async start(port = 0): Promise<RecordingCollector> {
    const collector = new RecordingCollector();
    await new Promise<void>((resolve, reject) => {
      collector.#server.once('error', reject);
      collector.#server.listen(port, '127.0.0.1', resolve);
    });
    return collector;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** All accepted events, each identity once. */
  get events(): Event[] {
    return this.batches.flatMap(({ events }) => events);
  }

  /** The next answers, in turn. */
  reply(...replies: Reply[]): void {
    this.#replies.push(...replies);
  }

  /** Resolves as soon as `condition` holds, looked at after each request. Rejects after `timeoutMs`. */
  until(condition: () => boolean, timeoutMs = 15_000): Promise<void> {
    return new Promise((resolve, reject) => {
      const end = () => {
        clearTimeout(timer);
        this.#waiting.delete(look);
      };
      const look = () => {
        if (!condition()) return;
        end();
        resolve();
      };
      const timer = setTimeout(() => {
        end();
        reject(new Error(`not so after ${timeoutMs} ms, with ${this.requests.length} requests`));
      }, timeoutMs);
      this.#waiting.add(look);
      look();
    });
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #receive(request: IncomingMessage): Promise<ReceivedRequest> {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const wire = Buffer.concat(chunks);
    const { bytes, key } = decode(request, wire);
    const received = { headers: request.headers, key, bytes, wire, batch: JSON.parse(bytes.toString('utf8')) as Batch };
    this.requests.push(received);
    return received;
  }

  #accept({ batch, bytes }: ReceivedRequest): void {
    const identity = `${batch.emitter.instance}/${batch.sequence}`;
    const text = bytes.toString('utf8');
    const before = this.#seen.get(identity);
    if (before === undefined) {
      this.#seen.set(identity, text);
      this.batches.push(batch);
    } else if (before === text) this.resends++;
    else this.conflicts.push(identity);
  }
}

function decode(request: IncomingMessage, wire: Buffer): { bytes: Buffer; key: string | undefined } {
  if (request.headers['content-type']?.startsWith('text/plain') === true) {
    const end = wire.indexOf(10);
    const preamble = JSON.parse(wire.toString('utf8', 0, end)) as { key?: string };
    return { bytes: wire.subarray(end + 1), key: preamble.key };
  }
  const key = request.headers.authorization?.replace(/^Bearer /, '');
  switch (request.headers['content-encoding']) {
    case 'gzip':
      return { bytes: gunzipSync(wire), key };
    case 'zstd':
      return { bytes: zstdDecompressSync(wire), key };
    case 'br':
      return { bytes: brotliDecompressSync(wire), key };
    default:
      return { bytes: wire, key };
  }
}

function defaultBody(status: number, { batch }: ReceivedRequest): string {
  return status === 202
    ? JSON.stringify({ accepted: batch.events.length, rejected: [], unknownFields: 0, capped: 0 })
    : JSON.stringify({ status, detail: `told to answer ${status}`, remedy: 'nothing' });
}
