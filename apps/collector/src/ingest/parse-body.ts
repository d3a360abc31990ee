import { HttpProblem, jsonOrNothing } from '#libs/operations';

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
  const preamble: unknown = end < 0 ? undefined : jsonOrNothing(decoded.subarray(0, end));
  if (typeof preamble !== 'object' || preamble === null || Array.isArray(preamble))
    throw new HttpProblem(
      'INVALID_BATCH',
      'A body of type text/plain starts with a line such as {"key":"…"}, then the batch.',
    );
  const { key } = preamble as { key?: unknown };
  return { key: typeof key === 'string' ? key : undefined, batch: decoded.subarray(end + 1) };
}
