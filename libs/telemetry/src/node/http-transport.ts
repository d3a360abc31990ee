import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { eventsUrl } from './endpoint.js';
import { Transport, type Answer, type Delivery } from '../ports.js';

export interface HttpTransportOptions {
  /** Base of the collector, such as `http://127.0.0.1:8080`; batches go to `/v1/events` below it. */
  readonly endpoint: string;
  readonly key?: string;
  /** Longest silence of the collector before an attempt fails, ms. Default 30,000; 1 to 2,147,483,647. */
  readonly timeoutMs?: number;
}

/**
 * Only the beginning of an answer is kept: it may list 10,000 rejections. The verdict needs no more, and the rest is read
 * and let go, so that the connection can be used again.
 */
const MAX_ANSWER_BYTES = 64 * 2 ** 10;

/**
 * Posts over node:http with one kept connection: for one request at a time it costs half of what fetch does, and has no
 * dependency. Idle connections do not keep the process alive.
 */
export class HttpTransport extends Transport {
  readonly #url: URL;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #timeoutMs: number;
  readonly #secure: boolean;
  readonly #agent: HttpAgent;

  /** @throws TypeError when the endpoint is no URL of HTTP or HTTPS. */
  constructor({ endpoint, key, timeoutMs = 30_000 }: HttpTransportOptions) {
    super();
    this.#url = eventsUrl(endpoint);
    this.#secure = this.#url.protocol === 'https:';
    this.#headers = {
      'content-type': 'application/json',
      ...(key !== undefined && { authorization: `Bearer ${key}` }),
    };
    this.#timeoutMs = timeoutMs;
    this.#agent = this.#secure ? new HttpsAgent({ keepAlive: true }) : new HttpAgent({ keepAlive: true });
  }

  send({ body, encoding }: Delivery, signal: AbortSignal): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const request = (this.#secure ? httpsRequest : httpRequest)(
        this.#url,
        {
          method: 'POST',
          agent: this.#agent,
          signal,
          headers: {
            ...this.#headers,
            'content-length': body.length,
            ...(encoding !== 'identity' && { 'content-encoding': encoding }),
          },
        },
        (response) => {
          readText(response).then(
            (text) =>
              resolve({ status: response.statusCode ?? 0, retryAfter: response.headers['retry-after'], body: text }),
            reject,
          );
        },
      );
      request.setTimeout(this.#timeoutMs, () => request.destroy(new Error('the collector did not answer in time')));
      request.on('error', reject);
      request.end(body);
    });
  }

  override close(): void {
    this.#agent.destroy();
  }
}

async function readText(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    if (length < MAX_ANSWER_BYTES) chunks.push(chunk.subarray(0, MAX_ANSWER_BYTES - length));
    length += chunk.length;
  }
  return Buffer.concat(chunks).toString('utf8');
}
