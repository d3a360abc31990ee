import { httpUrl } from '#libs/operations';
import type { Host, Invocation, OptionSpecs } from '../command/command.js';
import { CliError, UnreachableError } from '../command/errors.js';
import { EXIT } from '../command/exit-codes.js';
import { baseUrl } from '../command/values.js';
import { loadCommandSettings } from '../config/known-settings.js';
import { isBusy, refusal, request, type Method, type Reply } from './request.js';

/** Options of every command that talks to a server. */
export const SERVER_OPTIONS: OptionSpecs = {
  endpoint: {
    type: 'string',
    placeholder: 'URL',
    help: 'Address of the collector and API. Default: ALPERF_ENDPOINT, else http://127.0.0.1:ALPERF_HTTP_PORT (8080).',
  },
  sql: {
    type: 'string',
    placeholder: 'URL',
    help: 'Address of the SQL port; http://USER:PASSWORD@HOST:8123 for a ClickHouse server. Default: what the API at --endpoint says.',
  },
  key: { type: 'string', placeholder: 'KEY', help: 'API key. Default: ALPERF_KEY. Not needed on loopback.' },
};

/** Where the server is and how to ask it. */
export class Server {
  readonly endpoint: string;
  readonly key: string | undefined;
  readonly #signal: AbortSignal;
  /** Our own SQL port is in the database already. */
  readonly #database: string;
  #sqlUrl: string | undefined;
  /** For a ClickHouse server, which knows users and not our keys. */
  readonly #sqlLogin: string | undefined;

  /**
   * By the options, else by the settings: environment, settings file, default.
   * @throws UsageError for an address that is none, CliError for settings that cannot be used.
   */
  constructor(invocation: Pick<Invocation, 'text'>, host: Pick<Host, 'env' | 'cwd' | 'signal'>) {
    const { values } = loadCommandSettings(host);
    const { httpPort, clickhouseDatabase } = values;
    const endpoint = invocation.text('endpoint');
    this.endpoint =
      endpoint === undefined
        ? baseUrl('ALPERF_ENDPOINT', values.endpoint ?? httpUrl('127.0.0.1', httpPort))
        : baseUrl('--endpoint', endpoint);
    const sql = invocation.text('sql');
    this.#sqlUrl = sql === undefined ? undefined : baseUrl('--sql', sql);
    this.#sqlLogin = sql === undefined ? undefined : loginOf(sql);
    this.#database = clickhouseDatabase;
    this.key = invocation.text('key') ?? values.key;
    this.#signal = host.signal;
  }

  get(path: string, timeoutMs?: number): Promise<Reply> {
    return this.#getFrom(this.endpoint, path, timeoutMs);
  }

  /** Asks another app of the same installation, by its port on the endpoint's host. */
  getBeside(port: number, path: string, timeoutMs?: number): Promise<Reply> {
    return this.#getFrom(this.beside(port), path, timeoutMs);
  }

  /** Where another app of the same installation is, if it is on the endpoint's host. */
  beside(port: number): string {
    return withPort(this.endpoint, String(port));
  }

  #getFrom(base: string, path: string, timeoutMs?: number): Promise<Reply> {
    return request(`${base}${path}`, {
      headers: this.#authorization(),
      signal: this.#signal,
      ...(timeoutMs !== undefined && { timeoutMs }),
    });
  }

  /** Sends a JSON document, or asks without one. */
  send(method: Method, path: string, body?: unknown, headers: Readonly<Record<string, string>> = {}): Promise<Reply> {
    return request(`${this.endpoint}${path}`, {
      method,
      headers: {
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...this.#authorization(),
        ...headers,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      signal: this.#signal,
    });
  }

  /** `signal` ends this call alone, besides the command's own. */
  post(
    path: string,
    body: string | Uint8Array<ArrayBuffer>,
    headers: Readonly<Record<string, string>> = {},
    signal?: AbortSignal,
  ): Promise<Reply> {
    return request(`${this.endpoint}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...this.#authorization(), ...headers },
      body,
      signal: signal === undefined ? this.#signal : AbortSignal.any([signal, this.#signal]),
    });
  }

  /**
   * The SQL port: given, or as `/v1/status` tells it. A port that nobody told is not guessed: what listens there may be
   * another server, which would answer for this one.
   * @throws UnreachableError, or CliError when the server does not tell.
   */
  async sqlUrl(): Promise<string> {
    this.#sqlUrl ??= await this.#toldSqlUrl();
    return this.#sqlUrl;
  }

  /**
   * Rows of a SELECT. `{name:Type}` in the text takes its value from `parameters`.
   * @throws UnreachableError, or CliError with the server's own words.
   */
  async query<Row>(sql: string, parameters: Readonly<Record<string, string | number>> = {}): Promise<Row[]> {
    const url = new URL(await this.sqlUrl());
    for (const [name, value] of Object.entries(parameters)) url.searchParams.set(`param_${name}`, String(value));
    const reply = await request(url.href, {
      method: 'POST',
      headers: {
        'content-type': 'text/plain; charset=utf-8',
        ...(this.#sqlLogin === undefined
          ? this.#authorization()
          : { authorization: this.#sqlLogin, 'x-clickhouse-database': this.#database }),
      },
      body: `${sql}\nFORMAT JSONEachRow`,
      signal: this.#signal,
    });
    if (reply.status !== 200) throw refusal('The SQL query failed', reply);
    return reply.body
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Row);
  }

  /** Whether the server answers and is well. Rejects only when the command was interrupted. */
  async isUp(): Promise<boolean> {
    try {
      const { status } = await this.get('/health', 2_000);
      return !isBusy(status);
    } catch (error) {
      if (error instanceof UnreachableError) return false;
      throw error;
    }
  }

  #authorization(): Record<string, string> {
    return this.key === undefined ? {} : { authorization: `Bearer ${this.key}` };
  }

  async #toldSqlUrl(): Promise<string> {
    const reply = await this.get('/v1/status');
    if (reply.status === 404)
      throw new CliError(
        'SQL_UNKNOWN',
        `${this.endpoint} does not tell where SQL is asked: it is not the API.`,
        EXIT.failed,
        'Give the address of the API with --endpoint, or that of the SQL port with --sql.',
      );
    if (reply.status !== 200) throw refusal(`${this.endpoint} does not tell where SQL is asked`, reply);
    const port = sqlPortOf(reply.body);
    if (port !== undefined) return withPort(this.endpoint, port);
    throw new CliError(
      'SQL_UNKNOWN',
      `The API at ${this.endpoint} has no SQL port.`,
      EXIT.failed,
      'Give the address of one, or of the ClickHouse server, with --sql.',
    );
  }
}

/** `{"sql":{"port":8123}}` of the API's status. */
function sqlPortOf(body: string): string | undefined {
  try {
    const { sql } = JSON.parse(body) as { sql?: { port?: unknown } };
    return typeof sql?.port === 'number' ? String(sql.port) : undefined;
  } catch {
    return undefined;
  }
}

/** `http://user:password@host` as HTTP's basic authorization: fetch takes no address that holds one. */
function loginOf(sql: string): string | undefined {
  const { username, password } = new URL(sql);
  if (username === '') return undefined;
  const login = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return `Basic ${Buffer.from(login).toString('base64')}`;
}

function withPort(endpoint: string, port: string): string {
  const url = new URL(endpoint);
  url.port = port;
  return url.origin;
}
