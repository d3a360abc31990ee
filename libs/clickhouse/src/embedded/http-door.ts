import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Clock } from '#libs/time';
import { PEOPLE_QUOTA_KEY } from '../people.js';
import { contentTypeOf } from './content-type.js';
import { asEngineError, EngineError } from './engine-error.js';
import { insertFrom, receive, type InsertFiles } from './insert.js';
import { decodedBody, readRequest, requestUrl, type EngineRequest } from './request.js';
import { forRevision } from './native-blocks.js';
import { quote, type Output, type Sessions, type Sort, type Work } from './sessions.js';
import { formatClause, readStatement, type InsertHead, type Statement } from './statement.js';
import { TableStructures } from './table-structures.js';

export interface DoorOptions {
  readonly sessions: Sessions;
  readonly files: InsertFiles;
  readonly user: string;
  readonly password: string;
  readonly nextQueryId: () => string;
  readonly clock: Clock;
  /** Longest statement in a body, bytes. */
  readonly maxStatementBytes: number;
}

interface Answer {
  readonly output: Output;
  /** Empty for what has no result. */
  readonly format: string;
}

const NOTHING: Output = { bytes: Buffer.alloc(0), rowsRead: 0, bytesRead: 0 };
const compress = promisify(gzip);
/** Statements that only read may run beside one another; all else takes a writer's place. */
const READS = /^\s*(?:\(\s*)*(?:SELECT|WITH|SHOW|DESCRIBE|DESC|EXISTS|EXPLAIN)\b/i;

/** ClickHouse's HTTP interface: one request, one statement, one answer. */
export class HttpDoor {
  readonly #structures = new TableStructures();

  constructor(private readonly options: DoorOptions) {}

  readonly handle = (request: IncomingMessage, response: ServerResponse): void => {
    this.#answer(request, response).catch((error: unknown) => this.#fail(response, asEngineError(error)));
  };

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname } = requestUrl(request);
    if (pathname === '/ping') return void response.writeHead(200, { 'Content-Type': 'text/plain' }).end('Ok.\n');
    if (pathname !== '/')
      return void response.writeHead(404).end(`There is no ${pathname}: queries go to /, liveness is at /ping.\n`);
    const asked = readRequest(request);
    this.#authenticate(asked);
    const queryId = asked.queryId ?? this.options.nextQueryId();
    response.setHeader('X-ClickHouse-Query-Id', queryId);
    response.setHeader('X-ClickHouse-Server-Display-Name', 'embedded');
    response.setHeader('X-ClickHouse-Timezone', 'UTC');

    const gone = new AbortController();
    response.on('close', () => {
      if (!response.writableFinished) gone.abort();
    });
    const started = this.options.clock.monotonic();
    const { output, format } = await this.#run(request, asked, queryId, gone.signal);
    const bytes = format === 'Native' ? forRevision(output.bytes, asked.protocolRevision) : output.bytes;
    await this.#send(response, asked, { ...output, bytes }, format, this.options.clock.monotonic() - started);
  }

  async #run(request: IncomingMessage, asked: EngineRequest, queryId: string, signal: AbortSignal): Promise<Answer> {
    const body = decodedBody(request);
    const work: Work = { ...asked, queryId, signal };
    if (asked.query !== '') {
      const { insert } = readStatement(asked.query);
      if (insert !== undefined) {
        const rest = Buffer.from(asked.query.slice(insert.dataStart));
        return this.#insert(work, insert, prefixed(rest, body));
      }
    }
    const text = `${asked.query}${asked.query === '' ? '' : '\n'}${(await this.#read(body)).toString('utf8')}`;
    const statement = readStatement(text);
    if (statement.insert !== undefined)
      return this.#insert(work, statement.insert, Readable.from([Buffer.from(text.slice(statement.insert.dataStart))]));
    // GET is read-only, as on a server.
    const pinned = request.method === 'GET' && !asked.settings.some(([name]) => name === 'readonly');
    return this.#execute(
      pinned ? { ...work, settings: [...work.settings, ['readonly', '2']] } : work,
      statement,
      asked,
    );
  }

  async #execute(work: Work, statement: Statement, { defaultFormat, quotaKey }: EngineRequest): Promise<Answer> {
    if (statement.sql === '') throw new EngineError(62, 'SYNTAX_ERROR', 'Empty query');
    if (statement.several)
      throw new EngineError(62, 'SYNTAX_ERROR', 'Multi-statements are not allowed: send one statement a request');
    const sql = killById(statement.sql);
    const reads = READS.test(sql);
    const changes = !reads && !/^INSERT\b/i.test(sql);
    // Killing must not wait behind what it kills.
    const kills = sql !== statement.sql;
    const sort: Sort = !reads && !kills ? 'write' : quotaKey === PEOPLE_QUOTA_KEY && !kills ? 'people' : 'read';
    if (changes) this.#structures.forget();
    try {
      const output = await this.options.sessions.with(sort, work, (run) => run(sql, defaultFormat));
      return { output, format: formatClause(sql) ?? defaultFormat };
    } finally {
      if (changes) this.#structures.forget();
    }
  }

  /** The data comes first and takes as long as it takes; only then is it a writer's turn. */
  async #insert(work: Work, head: InsertHead, data: Readable): Promise<Answer> {
    const file = await receive(data, this.options.files, work.signal);
    try {
      if (file.bytes === 0) return { output: NOTHING, format: '' };
      const settings = [...head.settings, ...work.settings];
      const output = await this.options.sessions.with('write', { ...work, settings }, async (run) =>
        insertFrom(run, head, await this.#structures.columnsOf(run, work.database, head), file),
      );
      return { output, format: '' };
    } finally {
      await file.remove();
    }
  }

  /** Compares digests, so that the time says nothing about how much was right. */
  #authenticate({ user, password }: EngineRequest): void {
    const wanted = createHash('sha256').update(`${this.options.user}\n${this.options.password}`).digest();
    const given = createHash('sha256').update(`${user}\n${password}`).digest();
    if (!timingSafeEqual(wanted, given))
      throw new EngineError(
        516,
        'AUTHENTICATION_FAILED',
        `${user}: Authentication failed: password is incorrect, or there is no user with such name.`,
      );
  }

  async #read(body: Readable): Promise<Buffer> {
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of body as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > this.options.maxStatementBytes)
        throw new EngineError(
          62,
          'SYNTAX_ERROR',
          `The statement is over ${this.options.maxStatementBytes} bytes. Send data with INSERT … FORMAT.`,
        );
      chunks.push(chunk);
    }
    return Buffer.concat(chunks);
  }

  async #send(
    response: ServerResponse,
    asked: EngineRequest,
    { bytes, rowsRead, bytesRead }: Output,
    format: string,
    elapsedMs: number,
  ): Promise<void> {
    const packed = asked.compressAnswer && bytes.length > 1_024;
    if (packed) response.setHeader('Content-Encoding', 'gzip');
    if (format !== '') response.setHeader('X-ClickHouse-Format', format);
    const sent = packed ? await compress(bytes) : bytes;
    response.writeHead(200, {
      'Content-Type': contentTypeOf(format),
      'Content-Length': sent.length,
      'X-ClickHouse-Summary': JSON.stringify({
        // The engine does not say how many rows an insert wrote.
        read_rows: String(rowsRead),
        read_bytes: String(bytesRead),
        elapsed_ns: String(Math.round(elapsedMs * 1e6)),
      }),
    });
    response.end(sent);
  }

  #fail(response: ServerResponse, error: EngineError): void {
    if (response.headersSent || response.destroyed) return void response.destroy();
    response.writeHead(error.status, {
      'Content-Type': 'text/plain; charset=UTF-8',
      'X-ClickHouse-Exception-Code': String(error.number),
      // What is left of a body is not read: the connection cannot serve another request.
      Connection: 'close',
    });
    response.end(error.text);
  }
}

/** The engine's own ids are not those of the interface: a KILL by id is one by the comment that carries it. */
function killById(sql: string): string {
  const id = /^KILL\s+QUERY\s+WHERE\s+query_id\s*=\s*'((?:[^'\\]|\\.)*)'\s*(?:SYNC|ASYNC)?$/i.exec(sql)?.[1];
  if (id === undefined) return sql;
  const comment = "Settings['log_comment']";
  const plain = id.replaceAll(/\\(.)/g, '$1');
  return `KILL QUERY WHERE substring(${comment}, position(${comment}, ':') + 1) = ${quote(plain)} ASYNC`;
}

async function* joined(first: Buffer, rest: Readable): AsyncGenerator<Buffer> {
  yield first;
  yield* rest as AsyncIterable<Buffer>;
}

function prefixed(first: Buffer, rest: Readable): Readable {
  return first.length === 0 ? rest : Readable.from(joined(first, rest));
}
