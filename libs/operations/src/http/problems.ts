import { PipelineError, type Problem } from '#libs/contracts';

interface Kind {
  readonly status: number;
  readonly title: string;
  /** What the sender should do. */
  readonly remedy: string;
}

const kind = (status: number, title: string, remedy: string): Kind => ({ status, title, remedy });

/** Every problem that an HTTP answer can name. The code is stable: it stands in `type` and serves as a metric label. */
export const PROBLEMS = {
  MALFORMED_REQUEST: kind(400, 'Malformed request', 'Send a well-formed HTTP/1.1 request.'),
  INVALID_JSON: kind(400, 'Not JSON', 'Send the body as one JSON document in UTF-8.'),
  INVALID_BATCH: kind(400, 'Not a batch', 'Mend what the detail names, then send the batch under a new sequence.'),
  INVALID_LETTERS: kind(
    400,
    'Not dead letters',
    'Mend what the detail names, then post the letters again, each under its own identity.',
  ),
  INVALID_REQUEST: kind(
    400,
    'Not what is taken here',
    'Mend what the detail names; /openapi.json describes the request.',
  ),
  SCHEMA_TOO_NEW: kind(400, 'Newer schema', 'Update this collector, or send the schema version that it reads.'),
  BROKEN_ENCODING: kind(400, 'Broken encoding', 'Encode the body as Content-Encoding says, and send all of it.'),
  KEY_MISSING: kind(401, 'No key', 'Send the key as "Authorization: Bearer KEY".'),
  KEY_UNKNOWN: kind(
    401,
    'Key not valid',
    'Check the key; it may have been rotated out. Ask the operator for a new one.',
  ),
  SCOPE_MISSING: kind(403, 'Key not allowed to', 'Use a key that has the scope named, or ask the operator to add it.'),
  SERVICE_NOT_ALLOWED: kind(403, 'Service not allowed', 'Use the key of this service, or ask the operator to add it.'),
  HOST_NOT_ALLOWED: kind(
    403,
    'Host not allowed',
    'Call it with its own port as localhost, 127.0.0.1, [::1] or the address that ALPERF_BIND names; ' +
      'to serve other names set keys.',
  ),
  ORIGIN_NOT_ALLOWED: kind(403, 'Origin not allowed', 'Add the page’s origin to ALPERF_ORIGINS if it is yours.'),
  NOT_FOUND: kind(
    404,
    'Not found',
    'Check the path: the API has its page at / and describes every path, the other apps’ too, at /openapi.json.',
  ),
  METHOD_NOT_ALLOWED: kind(405, 'Method not allowed', 'Use a method that the Allow header names.'),
  REQUEST_TIMEOUT: kind(408, 'Too slow', 'Send the whole request sooner, in smaller batches on a slow line.'),
  ALREADY_THERE: kind(
    409,
    'Already there',
    'Read it (GET), and name the revision that you want to replace in If-Match, or "*" for any.',
  ),
  SWITCHED_OFF: kind(409, 'Control is off', 'Switch it on again first: PUT {"on":true} to the switch.'),
  REVISION_MISMATCH: kind(412, 'Changed meanwhile', 'Read it again (GET), decide anew, and send its ETag in If-Match.'),
  TOO_LARGE: kind(413, 'Too large', 'Send smaller batches.'),
  TYPE_NOT_SUPPORTED: kind(415, 'Type not supported', 'Send application/json, or text/plain from a beacon.'),
  ENCODING_NOT_SUPPORTED: kind(415, 'Encoding not supported', 'Use gzip, zstd, br or identity, one of them once.'),
  CANNOT_BE: kind(422, 'Cannot be done', 'Mend what the detail names.'),
  RATE_LIMITED: kind(429, 'Too many', 'Wait as long as Retry-After says, then send the same bytes again.'),
  HEADERS_TOO_LARGE: kind(431, 'Headers too large', 'Send fewer or shorter headers (16 KiB in all).'),
  INTERNAL: kind(500, 'Failed', 'Send the same bytes again later; tell the operator if it stays.'),
  OVERLOADED: kind(503, 'Overloaded', 'Wait as long as Retry-After says, then send the same bytes again.'),
  LOG_FULL: kind(
    503,
    'Log full',
    'Send the same bytes again later. The operator: let the aggregator catch up, or free disk.',
  ),
  LOG_UNAVAILABLE: kind(503, 'Log unavailable', 'Send the same bytes again later. The operator: look at the log.'),
  LAG_NEAR_RETENTION: kind(
    503,
    'Behind',
    'Send the same bytes again later. The operator: let the aggregator catch up.',
  ),
  STATE_UNAVAILABLE: kind(
    503,
    'State unavailable',
    'Send it again later. The operator: look at the disk, or at the brokers, that hold the state.',
  ),
  STOPPING: kind(503, 'Stopping', 'Send the same bytes again later, or to another instance.'),
} as const satisfies Record<string, Kind>;

export type ProblemCode = keyof typeof PROBLEMS;

/** An answer that is a problem: thrown by whoever finds it, turned into a body at the edge. */
export class HttpProblem extends PipelineError {
  declare readonly code: ProblemCode;
  readonly status: number;
  /** For 429 and 503: whole seconds after which the same bytes are welcome again. */
  readonly retryAfterSeconds: number | undefined;
  /** What the sender should do, where that of the code does not fit. */
  readonly remedy: string | undefined;

  /** `detail` says what happened, without repeating what was sent. */
  constructor(
    code: ProblemCode,
    detail: string,
    options: { retryAfterMs?: number; remedy?: string; cause?: unknown } = {},
  ) {
    const { status } = PROBLEMS[code];
    super(code, detail, status === 429 || status >= 500, { cause: options.cause });
    this.status = status;
    this.remedy = options.remedy;
    this.retryAfterSeconds =
      options.retryAfterMs === undefined ? undefined : Math.max(1, Math.ceil(options.retryAfterMs / 1_000));
  }
}

/** The body of a problem answer (RFC 9457, application/problem+json). */
export function problemBody(code: ProblemCode, detail: string, remedy: string = PROBLEMS[code].remedy): Problem {
  const { status, title } = PROBLEMS[code];
  return { type: `urn:alperf:problem:${code}`, title, status, detail, remedy };
}

/** What is not a problem of ours yet: framework errors by their status, anything else as INTERNAL without its message. */
export function toHttpProblem(error: unknown): HttpProblem {
  if (error instanceof HttpProblem) return error;
  const { statusCode, status, code } = (typeof error === 'object' && error !== null ? error : {}) as {
    statusCode?: unknown;
    status?: unknown;
    code?: unknown;
  };
  const given = typeof statusCode === 'number' ? statusCode : status;
  if (code === 'FST_ERR_CTP_EMPTY_JSON_BODY' || code === 'FST_ERR_CTP_INVALID_JSON_BODY')
    return new HttpProblem('INVALID_JSON', 'The body is not JSON.', { cause: error });
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE' || given === 413)
    return new HttpProblem('TOO_LARGE', 'The body is larger than what one request may carry.', { cause: error });
  const byStatus: Readonly<Record<number, readonly [ProblemCode, string]>> = {
    400: ['MALFORMED_REQUEST', 'The request is not well formed, or its length is not what it says.'],
    404: ['NOT_FOUND', 'There is nothing at this path.'],
    405: ['METHOD_NOT_ALLOWED', 'This path does not take this method.'],
    408: ['REQUEST_TIMEOUT', 'The request took too long to arrive.'],
    414: ['MALFORMED_REQUEST', 'The path is too long.'],
    415: ['TYPE_NOT_SUPPORTED', 'The body has no type that is taken here.'],
    431: ['HEADERS_TOO_LARGE', 'The headers are too large.'],
    503: ['STOPPING', 'The server is stopping.'],
  };
  const known = typeof given === 'number' ? byStatus[given] : undefined;
  if (known !== undefined)
    return new HttpProblem(known[0], known[1], { cause: error, ...(given === 503 && { retryAfterMs: 2_000 }) });
  return new HttpProblem('INTERNAL', 'Something went wrong here, not with the request.', { cause: error });
}
