import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { SqlError } from './sql-error.js';

export interface UpstreamOptions {
  /** ClickHouse's HTTP interface: the embedded engine's, or a server's. */
  readonly url: string;
  readonly username: string;
  readonly password: string;
}

export interface Ask {
  readonly sql: string;
  /** Settings, parameters and the interface's own, as they stand in the URL. */
  readonly parameters: Iterable<readonly [name: string, value: string]>;
  readonly acceptEncoding?: string;
  readonly signal: AbortSignal;
}

/** Largest answer that is read whole: a syntax tree, an error. */
const MOST_TEXT = 16 * 2 ** 20;

/** The ClickHouse behind the gate. */
export class Upstream {
  readonly #url: URL;
  readonly #agent: HttpAgent;

  constructor(private readonly options: UpstreamOptions) {
    this.#url = new URL(options.url);
    const pool = { keepAlive: true, maxSockets: 64 };
    this.#agent = this.#url.protocol === 'https:' ? new HttpsAgent(pool) : new HttpAgent(pool);
  }

  /** Resolves with the head of the answer, whatever its status. @throws SqlError NETWORK_ERROR */
  async ask({ sql, parameters, acceptEncoding, signal }: Ask): Promise<IncomingMessage> {
    const url = new URL(this.#url);
    for (const [name, value] of parameters) url.searchParams.append(name, value);
    const body = Buffer.from(sql);
    const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
    try {
      return await new Promise<IncomingMessage>((resolve, reject) => {
        const request = send(
          url,
          {
            method: 'POST',
            agent: this.#agent,
            signal,
            headers: {
              'Content-Type': 'text/plain; charset=UTF-8',
              'Content-Length': body.length,
              'X-ClickHouse-User': this.options.username,
              'X-ClickHouse-Key': this.options.password,
              ...(acceptEncoding !== undefined && { 'Accept-Encoding': acceptEncoding }),
            },
          },
          resolve,
        );
        request.on('error', reject);
        request.end(body);
      });
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      throw new SqlError('NETWORK_ERROR', 'ClickHouse does not answer. Ask again in a moment.', { cause: error });
    }
  }

  /** The whole answer as text, for what the gate itself asks. @throws UpstreamRefusal for an answer other than 200. */
  async text(ask: Ask): Promise<string> {
    const answer = await this.ask(ask);
    const text = await readText(answer);
    if (answer.statusCode === 200) return text;
    throw new UpstreamRefusal(
      answer.statusCode ?? 500,
      String(answer.headers['x-clickhouse-exception-code'] ?? ''),
      text,
    );
  }

  close(): void {
    this.#agent.destroy();
  }
}

/** An error of ClickHouse's own, to be passed on. */
export class UpstreamRefusal extends Error {
  constructor(
    readonly status: number,
    readonly exceptionCode: string,
    readonly text: string,
  ) {
    super(text);
    this.name = 'UpstreamRefusal';
  }
}

export async function readText(answer: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MOST_TEXT)
      throw new SqlError('QUERY_IS_TOO_LARGE', 'The statement is too large to be checked. Split it.');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
