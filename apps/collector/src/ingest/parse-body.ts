import { isUtf8 } from 'node:buffer';
import { HttpProblem } from '#libs/operations';
import { jsonFault } from './json-fault.js';

/** How a body is laid out, by its Content-Type. */
export type BodyType = 'json' | 'beacon';

/** @throws HttpProblem TYPE_NOT_SUPPORTED */
export function bodyType(header: string | undefined): BodyType {
  const [type = '', ...parameters] = (header ?? '').toLowerCase().split(';');
  const charset = parameters
    .map((one) => /^\s*charset="?([^"\s]+)"?\s*$/.exec(one)?.[1])
    .find((one) => one !== undefined);
  if (charset === undefined || charset === 'utf-8' || charset === 'utf8') {
    if (type.trim() === 'application/json') return 'json';
    if (type.trim() === 'text/plain') return 'beacon';
  }
  throw new HttpProblem('TYPE_NOT_SUPPORTED', 'The body is neither application/json nor text/plain, in UTF-8.');
}

const LINE_FEED = 0x0a;
const MAX_PREAMBLE_BYTES = 1_024;

/**
 * Splits a beacon into its first line, `{"key":"…"}`, and the batch: the key must not travel on with the batch.
 * @throws HttpProblem INVALID_BATCH
 */
export function splitBeacon(decoded: Buffer): { key: string | undefined; batch: Buffer } {
  const end = decoded.subarray(0, MAX_PREAMBLE_BYTES).indexOf(LINE_FEED);
  const preamble: unknown = end < 0 ? undefined : parsed(decoded.subarray(0, end));
  if (typeof preamble !== 'object' || preamble === null || Array.isArray(preamble))
    throw new HttpProblem(
      'INVALID_BATCH',
      'A body of type text/plain starts with a line such as {"key":"…"}, then the batch.',
    );
  const { key } = preamble as { key?: unknown };
  return { key: typeof key === 'string' ? key : undefined, batch: decoded.subarray(end + 1) };
}

/**
 * @param firstLine where in what was posted the bytes begin.
 * @throws HttpProblem INVALID_JSON that says where it is wrong, and repeats nothing of it.
 */
export function parseJson(bytes: Buffer, firstLine = 1): unknown {
  const value = parsed(bytes);
  if (value === undefined) throw new HttpProblem('INVALID_JSON', whatIsWrong(bytes, firstLine));
  return value;
}

function whatIsWrong(bytes: Buffer, firstLine: number): string {
  if (bytes.length === 0) return 'The body is empty.';
  const text = bytes.toString();
  // What is no UTF-8 was replaced, and so is not what comes out again.
  if (!isUtf8(bytes)) return `The body is not UTF-8 from its byte ${firstDifference(bytes, Buffer.from(text))} on.`;
  const fault = jsonFault(text) ?? text.length;
  let line = firstLine;
  let start = 0;
  for (let end = text.indexOf('\n'); end >= 0 && end < fault; end = text.indexOf('\n', start)) {
    line++;
    start = end + 1;
  }
  const place = `line ${line}, column ${fault - start + 1}`;
  return fault === text.length
    ? `The body ends before its JSON does, at ${place}.`
    : `The body is not JSON from ${place} on.`;
}

/** Counted from 1. */
function firstDifference(a: Buffer, b: Buffer): number {
  let at = 0;
  while (at < a.length && a[at] === b[at]) at++;
  return at + 1;
}

function parsed(bytes: Buffer): unknown {
  // Otherwise wrong bytes would become replacement characters without anybody noticing.
  if (!isUtf8(bytes)) return undefined;
  try {
    // Not recursive in V8: depth costs memory in proportion to the bytes, and no stack.
    return JSON.parse(bytes.toString());
  } catch {
    return undefined;
  }
}
