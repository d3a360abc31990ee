import type { InstanceReport } from '#libs/contracts';
import { ControlLink, type LinkAnswer } from './control-link.js';
import { SseParser, type StreamEvent } from './sse-parser.js';

export interface FetchLinkOptions {
  /** Base of the API, such as `http://127.0.0.1:8080`. */
  readonly endpoint: string;
  readonly key?: string;
  /** The runtime's own; handed in by tests. */
  readonly fetch?: typeof fetch;
}

/** The control channel by fetch, in Node and in browsers alike: an EventSource could not send the key. */
export class FetchLink extends ControlLink {
  readonly #base: string;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #fetch: typeof fetch;

  constructor({ endpoint, key, fetch: given }: FetchLinkOptions) {
    super();
    this.#base = `${endpoint.replace(/\/$/, '')}/v1/control`;
    this.#headers = key === undefined ? {} : { authorization: `Bearer ${key}` };
    // Looked up at each call: a page may replace its own.
    this.#fetch = given ?? ((...ask) => fetch(...ask));
  }

  async listen(
    { service, instance, ageMs }: { readonly service: string; readonly instance: string; readonly ageMs: number },
    after: string | undefined,
    on: { readonly event: (event: StreamEvent) => void; readonly bytes: () => void },
    signal: AbortSignal,
  ): Promise<LinkAnswer> {
    const asked = new URLSearchParams({ service, instance, ageMs: String(ageMs) });
    const response = await this.#fetch(`${this.#base}/stream?${asked}`, {
      ...PRIVATE,
      signal,
      headers: {
        ...this.#headers,
        accept: 'text/event-stream',
        ...(after !== undefined && { 'last-event-id': after }),
      },
    });
    const stream = (response.headers.get('content-type') ?? '').startsWith('text/event-stream');
    if (response.status !== 200 || !stream || response.body === null) {
      await response.body?.cancel();
      // Something that answers 200 and is no stream is another server.
      return answerOf(response, response.status === 200 ? 404 : response.status);
    }
    const parser = new SseParser(on.event);
    const decoder = new TextDecoder();
    const reader = response.body.getReader();
    try {
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return answerOf(response, 200);
        on.bytes();
        parser.push(decoder.decode(value, { stream: true }));
      }
    } finally {
      await reader.cancel().catch(() => undefined);
    }
  }

  async report(report: InstanceReport, signal: AbortSignal): Promise<LinkAnswer> {
    const response = await this.#fetch(`${this.#base}/answers`, {
      ...PRIVATE,
      method: 'POST',
      signal,
      headers: { ...this.#headers, 'content-type': 'application/json' },
      body: JSON.stringify(report),
    });
    await response.body?.cancel();
    return answerOf(response, response.status);
  }
}

const PRIVATE = { credentials: 'omit', referrerPolicy: 'no-referrer', cache: 'no-store' } as const;

function answerOf(response: Response, status: number): LinkAnswer {
  return { status, retryAfter: response.headers.get('retry-after') ?? undefined };
}
