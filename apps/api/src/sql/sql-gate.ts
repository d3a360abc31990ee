import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { Access, corsHeaders, type ApiKeys } from '#libs/operations';
import type { Clock } from '#libs/time';
import { checkFormat, effectiveSettings } from './allowed-settings.js';
import { checkAccess, clientOf } from './gate-access.js';
import { advised } from './remedies.js';
import { SqlError } from './sql-error.js';
import { bounds, DEFAULT_SQL_LIMITS, pinnedSettings, type SqlLimits } from './sql-limits.js';
import { readSqlRequest, targetOf, type SqlRequest } from './sql-request.js';
import { StatementCheck, type Patience } from './statement-check.js';
import { Turns } from './turns.js';
import { readText, Upstream, UpstreamRefusal, type UpstreamOptions } from './upstream.js';

export interface SqlGateOptions {
  readonly listen: { readonly host: string; readonly port: number };
  readonly upstream: UpstreamOptions;
  /** Databases whose tables may be read; names without one lead to the first. Default `alperf`. */
  readonly databases?: readonly [string, ...string[]];
  readonly limits?: Partial<SqlLimits>;
  /** Origins of pages that may ask, besides the gate's own and the desktop app's. */
  readonly origins?: readonly string[];
  /** The keys in force, asked at each request; left out where none are set, which takes a loopback host. */
  readonly keys?: () => ApiKeys;
  readonly clock: Clock;
}

/** How much longer than a query may run the gate waits for ClickHouse to end it, ms. */
const GRACE_MS = 5_000;
const MAX_HEADER_BYTES = 256 * 1_024;

/**
 * SQL for people: ClickHouse's HTTP interface, for reading the project's tables and nothing else. Each statement is checked
 * (statement-check.ts), runs with readonly=1 after its limits were set, and within them.
 */
export class SqlGate {
  readonly #upstream: Upstream;
  readonly #check: StatementCheck;
  readonly #turns: Turns;
  readonly #access: Access;
  readonly #limits: SqlLimits;
  readonly #databases: readonly [string, ...string[]];
  readonly #server: Server;
  #stopping: Promise<void> | undefined;

  private constructor(private readonly options: SqlGateOptions) {
    this.#limits = { ...DEFAULT_SQL_LIMITS, ...options.limits };
    this.#databases = options.databases ?? ['alperf'];
    const wrong = this.#databases.find((name) => !/^\w+$/.test(name));
    if (wrong !== undefined)
      throw new SqlError('BAD_ARGUMENTS', `The database ${JSON.stringify(wrong)} has no plain name.`);
    this.#upstream = new Upstream(options.upstream, options.clock);
    this.#check = new StatementCheck(this.#upstream, { databases: this.#databases });
    this.#turns = new Turns(this.#limits);
    this.#access = new Access({
      bind: options.listen.host,
      port: () => this.port,
      origins: options.origins ?? [],
      ...(options.keys !== undefined && { keys: options.keys }),
      clock: options.clock,
    });
    this.#server = createServer(
      { maxHeaderSize: MAX_HEADER_BYTES, requestTimeout: 30_000, headersTimeout: 10_000 },
      (request, response) => {
        this.#answer(request, response).catch((error: unknown) => this.#fail(response, error));
      },
    );
  }

  /** @throws SettingsError when bound to more than loopback without a key. */
  static create(options: SqlGateOptions): SqlGate {
    return new SqlGate(options);
  }

  /** Resolves when it listens. */
  start(): Promise<void> {
    const { host, port } = this.options.listen;
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, host, () => {
        this.#server.off('error', reject);
        resolve();
      });
    });
  }

  /** The port it listens on; 0 before `start`. */
  get port(): number {
    return (this.#server.address() as AddressInfo | null)?.port ?? 0;
  }

  /** Takes no more and cuts off what runs. Idempotent. */
  stop(): Promise<void> {
    return (this.#stopping ??= new Promise((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
      this.#upstream.close();
    }));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const client = clientOf(request, checkAccess(request, this.#access));
    const { origin } = request.headers;
    if (origin !== undefined)
      for (const [name, value] of Object.entries(corsHeaders(origin))) response.setHeader(name, value);
    const { pathname, search } = targetOf(request);
    const methods = METHODS[pathname];
    if (methods === undefined)
      return void response.writeHead(404, PLAIN).end(`There is no ${pathname}: queries go to /.\n`);
    const { method = '' } = request;
    if (!methods.includes(method))
      return void response
        .writeHead(405, { ...PLAIN, Allow: methods.join(', ') })
        .end(`${pathname} takes ${methods.join(', ')}.\n`);
    if (pathname === '/ping' || (search === '' && method !== 'POST'))
      return void response.writeHead(200, { 'Content-Type': 'text/plain' }).end('Ok.\n');

    const gone = new AbortController();
    response.on('close', () => gone.abort(new Error('The client went away.')));
    const asked = await readSqlRequest(request, this.#limits.maxStatementBytes);
    const { maxSeconds } = this.#limits;
    const turn = await this.#within(maxSeconds * 1_000, waitedTooLong, gone.signal, (signal) =>
      this.#turns.take(client, signal),
    );
    try {
      await this.#within(maxSeconds * 1_000 + GRACE_MS, tookTooLong, gone.signal, (signal) =>
        this.#run(asked, response, { signal, turn }),
      );
    } finally {
      turn.end();
    }
  }

  /** Lets `task` go on until the client is gone or the time is over. */
  async #within<Result>(
    ms: number,
    late: (limits: SqlLimits) => SqlError,
    gone: AbortSignal,
    task: (signal: AbortSignal) => Promise<Result>,
  ): Promise<Result> {
    const over = new AbortController();
    const timer = this.options.clock.setTimer(() => over.abort(late(this.#limits)), ms);
    try {
      return await task(AbortSignal.any([gone, over.signal]));
    } finally {
      timer.cancel();
    }
  }

  async #run(asked: SqlRequest, response: ServerResponse, patience: Patience): Promise<void> {
    const database = asked.database ?? this.#databases[0];
    if (!this.#databases.includes(database))
      throw new SqlError(
        'UNKNOWN_DATABASE',
        `The database ${database} is not the project's. Take ${this.#databases.join(', ')}.`,
      );
    const { statement, parameters } = asked;
    const checked = await this.#check.check({ statement, database, parameters }, patience);
    const settings = effectiveSettings([...asked.settings, ...checked.settings], bounds(this.#limits));
    for (const [name, value] of pinnedSettings(this.#limits, this.#databases)) settings.set(name, value);
    const answer = await this.#upstream.ask({
      sql: checked.sql,
      parameters: [
        ['database', database],
        ['default_format', checkFormat(checked.format ?? asked.defaultFormat ?? 'TabSeparated')],
        ...settings,
        ...parameters.map(([name, value]): [string, string] => [`param_${name}`, value]),
        ...(asked.packed ? ([['enable_http_compression', '1']] as const) : []),
        ...(asked.clientProtocolVersion === undefined
          ? []
          : ([['client_protocol_version', asked.clientProtocolVersion]] as const)),
      ],
      ...(asked.packed && asked.acceptEncoding !== undefined && { acceptEncoding: asked.acceptEncoding }),
      ...patience,
    });
    if (answer.statusCode !== 200)
      throw new UpstreamRefusal(
        answer.statusCode ?? 500,
        String(answer.headers['x-clickhouse-exception-code'] ?? ''),
        await readText(answer),
      );
    for (const name of PASSED_ON) {
      const value = answer.headers[name];
      if (value !== undefined) response.setHeader(name, value);
    }
    if (asked.queryId !== undefined) response.setHeader('X-ClickHouse-Query-Id', asked.queryId);
    response.writeHead(200);
    await pipeline(answer, response, { signal: patience.signal });
  }

  #fail(response: ServerResponse, error: unknown): void {
    if (response.headersSent || response.destroyed) return void response.destroy();
    const head = { ...PLAIN, Connection: 'close' };
    if (error instanceof UpstreamRefusal) {
      response.writeHead(statusOf(error), { ...head, 'X-ClickHouse-Exception-Code': error.exceptionCode });
      response.end(advised(error.text, error.exceptionCode));
      return;
    }
    const known =
      error instanceof SqlError
        ? error
        : new SqlError('LOGICAL_ERROR', 'The gate failed. Ask again.', { cause: error });
    response.writeHead(known.status, {
      ...head,
      'X-ClickHouse-Exception-Code': String(known.number),
      ...(known.status === 401 && { 'WWW-Authenticate': 'Basic realm="ClickHouse SQL"' }),
      ...(known.status === 503 && { 'Retry-After': '1' }),
    });
    response.end(known.text);
  }
}

/** What each path takes. A HEAD is answered as its GET, without the body. */
const METHODS: Readonly<Record<string, readonly string[]>> = {
  '/': ['GET', 'HEAD', 'POST'],
  '/ping': ['GET', 'HEAD'],
};

const PLAIN = { 'Content-Type': 'text/plain; charset=UTF-8' };

/** Headers of ClickHouse's answer that are the client's. */
const PASSED_ON = [
  'content-type',
  'content-encoding',
  'content-length',
  'x-clickhouse-query-id',
  'x-clickhouse-format',
  'x-clickhouse-summary',
  'x-clickhouse-timezone',
];

/** Unknown exceptions of all sorts, broken logic, the network, the disk. */
const FAULTS_OF_THE_SERVER = new Set([
  '',
  '0',
  '49',
  '74',
  '75',
  '76',
  '209',
  '210',
  '236',
  '243',
  '1000',
  '1001',
  '1002',
]);

/** ClickHouse answers 500 to most mistakes in a statement; they are the sender's. */
function statusOf({ status, exceptionCode }: UpstreamRefusal): number {
  return status === 500 && !FAULTS_OF_THE_SERVER.has(exceptionCode) ? 400 : status;
}

function waitedTooLong({ maxConcurrent, maxConcurrentPerClient, maxSeconds }: SqlLimits): SqlError {
  return new SqlError(
    'TOO_MANY_SIMULTANEOUS_QUERIES',
    `At most ${maxConcurrent} queries run at once, ${maxConcurrentPerClient} of one client, and no place came free within ${maxSeconds} s. Ask again in a moment.`,
  );
}

function tookTooLong({ maxSeconds }: SqlLimits): SqlError {
  return new SqlError(
    'TIMEOUT_EXCEEDED',
    `The query took longer than ${maxSeconds} s. Ask for a shorter time or a coarser rollup.`,
  );
}
