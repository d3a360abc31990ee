import { randomUUID } from 'node:crypto';
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { PEOPLE_QUOTA_KEY } from '#libs/clickhouse';
import type { Clock } from '#libs/time';
import { SqlError } from './sql-error.js';
import type { Turn } from './turns.js';

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
  /** Gives up waiting; ClickHouse is told to end the query. */
  readonly signal: AbortSignal;
  /** Held until ClickHouse has answered, and so ended the query, whatever the signal says. */
  readonly turn: Turn;
}

const KILL_AGAIN_MS = 250;
/** A KILL that is not answered by then is sent again on another connection. */
const KILL_TIMEOUT_MS = 5_000;
/**
 * How long a query that was given up may hold its place while nothing comes, ms: longer than any that an engine was seen to
 * run past a KILL. Behind a connection that went dead without a word there is nothing to wait for.
 */
export const ABANDON_AFTER_MS = 600_000;

/** Largest answer that is read whole: a syntax tree, an error. */
const MOST_TEXT = 16 * 2 ** 20;

/** The ClickHouse behind the gate. */
export class Upstream {
  readonly #url: URL;
  readonly #agent: HttpAgent;

  constructor(
    private readonly options: UpstreamOptions,
    private readonly clock: Clock,
  ) {
    this.#url = new URL(options.url);
    const pool = { keepAlive: true, maxSockets: 64 };
    this.#agent = this.#url.protocol === 'https:' ? new HttpsAgent(pool) : new HttpAgent(pool);
  }

  /**
   * Resolves with the head of the answer, whatever its status; it comes when the query has ended, since the gate pins
   * wait_end_of_query. An engine looks at its limits, and at a KILL, between blocks of rows only, so a query may go on
   * after the signal: its connection stays open until it answers, and the turn is held as long, up to ABANDON_AFTER_MS.
   *
   * @throws SqlError NETWORK_ERROR, or the signal's reason
   */
  async ask({ sql, parameters, acceptEncoding, signal, turn }: Ask): Promise<IncomingMessage> {
    signal.throwIfAborted();
    const queryId = randomUUID();
    const abandoned = new AbortController();
    const answer = this.#post(
      sql,
      [...parameters, ['query_id', queryId], ['quota_key', PEOPLE_QUOTA_KEY]],
      abandoned.signal,
      acceptEncoding === undefined ? {} : { 'Accept-Encoding': acceptEncoding },
    );
    turn.hold(answer);
    const ended = new AbortController();
    const end = () => ended.abort();
    answer.then(end, end);
    const givenUp = new Promise<never>((_resolve, reject) => {
      const giveUp = () => {
        answer.then(
          (unread) => unread.resume(),
          () => undefined,
        );
        const timer = this.clock.setTimer(() => abandoned.abort(), ABANDON_AFTER_MS, { unref: true });
        ended.signal.addEventListener('abort', () => timer.cancel(), { once: true });
        void this.#kill(queryId, ended.signal);
        reject(signal.reason);
      };
      signal.addEventListener('abort', giveUp, { once: true });
      ended.signal.addEventListener('abort', () => signal.removeEventListener('abort', giveUp), { once: true });
    });
    try {
      return await Promise.race([answer, givenUp]);
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      throw new SqlError('NETWORK_ERROR', 'ClickHouse does not answer. Ask again in a moment.', { cause: error });
    }
  }

  /** Again and again until it has ended: a KILL that comes before the query is known finds nothing. */
  async #kill(queryId: string, ended: AbortSignal): Promise<void> {
    while (!ended.aborted) {
      const late = new AbortController();
      const timer = this.clock.setTimer(() => late.abort(), KILL_TIMEOUT_MS, { unref: true });
      await this.#post(
        `KILL QUERY WHERE query_id = '${queryId}' ASYNC`,
        [],
        AbortSignal.any([ended, late.signal]),
      ).then(
        (answer) => answer.resume(),
        () => undefined,
      );
      timer.cancel();
      await this.clock.sleep(KILL_AGAIN_MS, ended).catch(() => undefined);
    }
  }

  #post(
    sql: string,
    parameters: Ask['parameters'],
    signal: AbortSignal,
    headers: Record<string, string> = {},
  ): Promise<IncomingMessage> {
    const url = new URL(this.#url);
    for (const [name, value] of parameters) url.searchParams.append(name, value);
    const body = Buffer.from(sql);
    const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
    return new Promise((resolve, reject) => {
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
            ...headers,
          },
        },
        resolve,
      );
      request.on('error', reject);
      request.end(body);
    });
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
