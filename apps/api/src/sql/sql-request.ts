import type { IncomingMessage } from 'node:http';
import { pipeline, type Readable, type Transform } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate, createZstdDecompress } from 'node:zlib';
import { SqlError } from './sql-error.js';

/** A request in the terms of ClickHouse's HTTP interface. */
export interface SqlRequest {
  readonly statement: string;
  readonly database: string | undefined;
  readonly defaultFormat: string | undefined;
  readonly queryId: string | undefined;
  /** Whether the answer may be packed as `acceptEncoding` says. */
  readonly packed: boolean;
  readonly acceptEncoding: string | undefined;
  readonly clientProtocolVersion: string | undefined;
  readonly settings: readonly (readonly [name: string, value: string])[];
  readonly parameters: readonly (readonly [name: string, value: string])[];
}

const OWN = new Set([
  'query',
  'database',
  'default_format',
  'query_id',
  'user',
  'password',
  'enable_http_compression',
  'client_protocol_version',
]);

/** @throws SqlError BAD_ARGUMENTS for a target that is not a path. */
export function targetOf(request: IncomingMessage): URL {
  const url = request.url?.startsWith('/') === true ? URL.parse(`http://gate${request.url}`) : null;
  if (url === null) throw new SqlError('BAD_ARGUMENTS', 'The request target is not a path.');
  return url;
}

/** @throws SqlError */
export async function readSqlRequest(request: IncomingMessage, maxStatementBytes: number): Promise<SqlRequest> {
  const { searchParams } = targetOf(request);
  const header = (name: string) => {
    const value = request.headers[name];
    return typeof value === 'string' ? value : undefined;
  };
  if (/^multipart\//i.test(header('content-type') ?? ''))
    throw new SqlError(
      'BAD_ARGUMENTS',
      'Tables cannot be sent along here. Send the statement as the body or in the URL.',
    );
  const settings: [string, string][] = [];
  const parameters: [string, string][] = [];
  for (const [name, value] of searchParams) {
    if (name.startsWith('param_')) parameters.push([name.slice('param_'.length), value]);
    else if (name === 'compress' || name === 'decompress') refuseOwnCompression(name, value);
    else if (!OWN.has(name)) settings.push([name, value]);
  }
  const wrong = parameters.find(([name]) => !/^\w+$/.test(name));
  if (wrong !== undefined)
    throw new SqlError('BAD_ARGUMENTS', `The parameter ${JSON.stringify(wrong[0])} has no plain name.`);
  const inUrl = searchParams.get('query') ?? '';
  const body = await readBody(request, maxStatementBytes);
  const statement = inUrl === '' || body === '' ? `${inUrl}${body}` : `${inUrl}\n${body}`;
  if (Buffer.byteLength(statement) > maxStatementBytes) throw tooLarge(maxStatementBytes);
  return {
    statement,
    database: nonEmpty(searchParams.get('database') ?? header('x-clickhouse-database')),
    defaultFormat: nonEmpty(searchParams.get('default_format') ?? header('x-clickhouse-format')),
    queryId: nonEmpty(searchParams.get('query_id')),
    packed: /^(?:1|true)$/.test(searchParams.get('enable_http_compression') ?? ''),
    acceptEncoding: header('accept-encoding'),
    clientProtocolVersion: nonEmpty(searchParams.get('client_protocol_version')),
    settings,
    parameters,
  };
}

function nonEmpty(value: string | null | undefined): string | undefined {
  return value === null || value === '' ? undefined : value;
}

function refuseOwnCompression(name: string, value: string): void {
  if (value !== '0' && value !== 'false' && value !== '')
    throw new SqlError(
      'BAD_ARGUMENTS',
      `${name}=1 asks for ClickHouse's own compression. Take HTTP's: enable_http_compression=1 and Accept-Encoding: gzip.`,
    );
}

async function readBody(request: IncomingMessage, most: number): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of decoded(request) as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > most) throw tooLarge(most);
      chunks.push(chunk);
    }
  } catch (error) {
    if (error instanceof SqlError) throw error;
    throw new SqlError(
      'UNKNOWN_ENCODING',
      'The body is not what its Content-Encoding says, or was cut off. Send it again.',
      {
        cause: error,
      },
    );
  }
  return Buffer.concat(chunks).toString('utf8');
}

function decoded(request: IncomingMessage): Readable {
  const encoding = (request.headers['content-encoding'] ?? 'identity').trim().toLowerCase();
  if (encoding === 'identity' || encoding === '') return request;
  const make = DECODERS.get(encoding);
  if (make === undefined)
    throw new SqlError(
      'UNKNOWN_ENCODING',
      `The content encoding ${JSON.stringify(encoding)} is not known. Send gzip, zstd, br, deflate or none.`,
    );
  return pipeline(request, make(), () => undefined);
}

const DECODERS = new Map<string, () => Transform>([
  ['gzip', createGunzip],
  ['zstd', createZstdDecompress],
  ['br', createBrotliDecompress],
  ['deflate', createInflate],
]);

function tooLarge(most: number): SqlError {
  return new SqlError('QUERY_IS_TOO_LARGE', `The statement is over ${most} bytes. Pass long lists in parts.`);
}
