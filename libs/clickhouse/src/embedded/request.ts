import type { IncomingMessage } from 'node:http';
import { pipeline, type Readable } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate, createZstdDecompress } from 'node:zlib';
import { EngineError } from './engine-error.js';

/** What a request asks for, in ClickHouse's HTTP terms. */
export interface EngineRequest {
  /** The `query` parameter; empty when the statement is in the body. */
  readonly query: string;
  readonly database: string | undefined;
  readonly defaultFormat: string;
  readonly queryId: string | undefined;
  readonly user: string;
  readonly password: string;
  /** On whose behalf the user asks. */
  readonly quotaKey: string;
  readonly compressAnswer: boolean;
  /** Of a client that reads Native as the protocol of that revision has it; 0 for others. */
  readonly protocolRevision: number;
  readonly settings: readonly (readonly [string, string])[];
  readonly parameters: readonly (readonly [string, string])[];
}

/** Parameters of the interface itself: everything else is a setting. */
const OWN = new Set([
  'query',
  'database',
  'default_format',
  'query_id',
  'user',
  'password',
  'quota_key',
  'session_id',
  'session_timeout',
  'session_check',
  'stacktrace',
  'compress',
  'decompress',
  'buffer_size',
  'wait_end_of_query',
  'role',
  'client_protocol_version',
  'close_session',
  // Settings that make sense on a server only, or that this interface sees to by itself.
  'enable_http_compression',
  'http_zlib_compression_level',
  'send_progress_in_http_headers',
  'http_headers_progress_interval_ms',
  'cancel_http_readonly_queries_on_client_close',
  'http_wait_end_of_query',
  'http_response_buffer_size',
  'log_comment',
]);

/** @throws EngineError when the target is not a path. */
export function requestUrl(request: IncomingMessage): URL {
  const url = request.url?.startsWith('/') === true ? URL.parse(`http://engine${request.url}`) : null;
  if (url === null) throw new EngineError(36, 'BAD_ARGUMENTS', 'The request target is not a path.');
  return url;
}

export function readRequest(request: IncomingMessage): EngineRequest {
  const { searchParams } = requestUrl(request);
  const header = (name: string) => (typeof request.headers[name] === 'string' ? request.headers[name] : undefined);
  const settings: [string, string][] = [];
  const parameters: [string, string][] = [];
  for (const [name, value] of searchParams) {
    if ((name === 'compress' || name === 'decompress') && value === '1')
      throw new EngineError(
        48,
        'NOT_IMPLEMENTED',
        `${name}=1 asks for ClickHouse's own compression, which is not there; use Content-Encoding and Accept-Encoding.`,
      );
    if (OWN.has(name)) continue;
    if (!/^[A-Za-z_][A-Za-z0-9_.]*$/.test(name))
      throw new EngineError(115, 'UNKNOWN_SETTING', `Unknown setting ${JSON.stringify(name)}`);
    if (name.startsWith('param_')) parameters.push([name.slice('param_'.length), value]);
    else settings.push([name, value]);
  }
  const basic = basicCredentials(header('authorization'));
  return {
    query: searchParams.get('query') ?? '',
    database: searchParams.get('database') ?? header('x-clickhouse-database') ?? undefined,
    defaultFormat: searchParams.get('default_format') ?? header('x-clickhouse-format') ?? 'TabSeparated',
    queryId: searchParams.get('query_id') ?? undefined,
    user: header('x-clickhouse-user') ?? basic?.user ?? searchParams.get('user') ?? 'default',
    password: header('x-clickhouse-key') ?? basic?.password ?? searchParams.get('password') ?? '',
    quotaKey: searchParams.get('quota_key') ?? header('x-clickhouse-quota') ?? '',
    compressAnswer:
      searchParams.get('enable_http_compression') === '1' && /\bgzip\b/.test(header('accept-encoding') ?? ''),
    protocolRevision: Number(searchParams.get('client_protocol_version') ?? 0),
    settings,
    parameters,
  };
}

/** The body, decoded by its content encoding. */
export function decodedBody(request: IncomingMessage): Readable {
  const encoding = (request.headers['content-encoding'] ?? 'identity').trim().toLowerCase();
  const decoder =
    encoding === 'gzip'
      ? createGunzip()
      : encoding === 'zstd'
        ? createZstdDecompress()
        : encoding === 'br'
          ? createBrotliDecompress()
          : encoding === 'deflate'
            ? createInflate()
            : undefined;
  if (decoder !== undefined) return pipeline(request, decoder, () => undefined);
  if (encoding === 'identity' || encoding === '') return request;
  throw new EngineError(
    73,
    'UNKNOWN_FORMAT',
    `Content encoding ${JSON.stringify(encoding)} is not known: send gzip, zstd, br, deflate or none.`,
  );
}

function basicCredentials(header: string | undefined): { user: string; password: string } | undefined {
  const encoded = /^Basic ([A-Za-z0-9+/=]+)$/i.exec(header ?? '')?.[1];
  if (encoded === undefined) return undefined;
  const text = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  return colon < 0 ? { user: text, password: '' } : { user: text.slice(0, colon), password: text.slice(colon + 1) };
}
