import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { asEngineError, EngineError } from './engine-error.js';
import { insertFromFile, type InsertFiles } from './insert.js';
import { decodedBody, readRequest, type EngineRequest } from './request.js';
import type { Output, Sessions, Work } from './sessions.js';
import { readStatement, type InsertHead } from './statement.js';

export interface DoorOptions {
  readonly sessions: Sessions;
  readonly files: InsertFiles;
  readonly user: string;
  readonly password: string;
  readonly nextQueryId: () => string;
  /** Longest statement in a body, bytes. */
  readonly maxStatementBytes: number;
}

const compress = promisify(gzip);
/** Statements that only read may run beside one another; all else takes a writer's place. */
const READS = /^\s*(?:\(\s*)*(?:SELECT|WITH|SHOW|DESCRIBE|DESC|EXISTS|EXPLAIN)\b/i;

/** ClickHouse's HTTP interface: one request, one statement, one answer. */
export class HttpDoor {
  constructor(private readonly options: DoorOptions) {}

  readonly handle = (request: IncomingMessage, response: ServerResponse): void => {
    this.#answer(request, response).catch((error: unknown) => this.#fail(response, asEngineError(error)));
  };

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname } = new URL(request.url ?? '/', 'http://engine');
    if (pathname === '/ping') return void response.writeHead(200, { 'content-type': 'text/plain' }).end('Ok.\n');
    if (pathname !== '/')
      return void response.writeHead(404).end(`There is no ${pathname}: queries go to /, liveness is at /ping.\n`);
    const asked = readRequest(request);
    this.#authenticate(asked);
    response.setHeader('X-ClickHouse-Query-Id', asked.queryId ?? this.options.nextQueryId());
    response.setHeader('X-ClickHouse-Server-Display-Name', 'embedded');
    response.setHeader('X-ClickHouse-Timezone', 'UTC');

    const gone = new AbortController();
    response.on('close', () => {
      if (!response.writableFinished) gone.abort();
    });
    const { output, format } = await this.#run(request, asked, gone.signal);
    await this.#send(response, asked, output, format);
  }

  async #run(
    request: IncomingMessage,
    asked: EngineRequest,
    signal: AbortSignal,
  ): Promise<{ output: Output; format: string }> {
    const body = decodedBody(request);
    const inUrl = asked.query === '' ? undefined : readStatement(asked.query);
    if (inUrl?.insert !== undefined) {
      const rest = Buffer.from(asked.query.slice(inUrl.insert.dataStart));
      return { output: await this.#insert(asked, inUrl.insert, prefixed(rest, body), signal), format: '' };
    }
    const text = `${asked.query}${asked.query === '' ? '' : '\n'}${(await this.#read(body)).toString('utf8')}`;
    const statement = readStatement(text);
    if (statement.insert !== undefined) {
      const data = Readable.from([Buffer.from(text.slice(statement.insert.dataStart))]);
      return { output: await this.#insert(asked, statement.insert, data, signal), format: '' };
    }
    if (statement.sql === '') throw new EngineError(62, 'SYNTAX_ERROR', 'Empty query');
    if (statement.several)
      throw new EngineError(62, 'SYNTAX_ERROR', 'Multi-statements are not allowed: send one statement a request');
    // GET is read-only, as on a server.
    const readonly = request.method === 'GET' && !asked.settings.some(([name]) => name === 'readonly');
    const work = this.#work(asked, signal, readonly ? [['readonly', '2']] : []);
    const sort = READS.test(statement.sql) ? 'read' : 'write';
    const output = await this.options.sessions.with(sort, work, (run) => run(statement.sql, asked.defaultFormat));
    return { output, format: asked.defaultFormat };
  }

  #insert(asked: EngineRequest, head: InsertHead, data: Readable, signal: AbortSignal): Promise<Output> {
    return this.options.sessions.with('write', this.#work(asked, signal, []), (run) =>
      insertFromFile(run, head, data, this.options.files, signal),
    );
  }

  #work(asked: EngineRequest, signal: AbortSignal, more: readonly (readonly [string, string])[]): Work {
    return { settings: [...asked.settings, ...more], parameters: asked.parameters, database: asked.database, signal };
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

  async #send(response: ServerResponse, asked: EngineRequest, output: Output, format: string): Promise<void> {
    const bytes = asked.compressAnswer && output.bytes.length > 1_024 ? await compress(output.bytes) : output.bytes;
    if (bytes !== output.bytes) response.setHeader('Content-Encoding', 'gzip');
    if (format !== '') response.setHeader('X-ClickHouse-Format', format);
    response.writeHead(200, {
      'Content-Type': contentType(format),
      'Content-Length': bytes.length,
      'X-ClickHouse-Summary': JSON.stringify({
        read_rows: String(output.rowsRead),
        read_bytes: String(output.bytesRead),
      }),
    });
    response.end(bytes);
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

function contentType(format: string): string {
  if (/^JSON(?!.*EachRow)/.test(format)) return 'application/json; charset=UTF-8';
  if (/EachRow$/.test(format)) return 'application/x-ndjson; charset=UTF-8';
  if (/^CSV/.test(format)) return 'text/csv; charset=UTF-8; header=absent';
  if (/^(TabSeparated|TSV)/.test(format)) return 'text/tab-separated-values; charset=UTF-8';
  return format === '' ? 'text/plain; charset=UTF-8' : 'application/octet-stream';
}

async function* joined(first: Buffer, rest: Readable): AsyncGenerator<Buffer> {
  yield first;
  yield* rest as AsyncIterable<Buffer>;
}

function prefixed(first: Buffer, rest: Readable): Readable {
  return first.length === 0 ? rest : Readable.from(joined(first, rest));
}
