import type { Cache } from '../cache.js';

/** One access of a trace. */
export interface TraceAccess {
  readonly key: string;
  /** Bytes of its value. Default 1. */
  readonly bytes?: number;
}

export interface TracePlayed {
  readonly requests: number;
  readonly hits: number;
  /** Share of the requests that were hits; NaN without any. */
  readonly hitRatio: number;
  readonly bytes: number;
  readonly hitBytes: number;
  /** Share of the bytes asked for that were hits. */
  readonly byteHitRatio: number;
}

/** What a trace is played into: of a cache it needs two operations. */
export type PlayedCache = Pick<Cache<string, TraceAccess>, 'get' | 'set'>;

/** Has a memory tier weigh the accesses of a trace by the bytes that they name: `memory({ maxBytes, weigher: traceWeigher })`. */
export function traceWeigher(value: unknown): number {
  return (value as TraceAccess).bytes ?? 1;
}

/**
 * Plays a trace into a cache: asks for each key, and fills in what is missing. A text has a key on each line, with the
 * size behind a space or a tab where it is known; what begins with `#` is left out.
 * @throws TypeError for a line whose size is no number
 */
export async function playTrace(
  cache: PlayedCache,
  trace: string | Iterable<string | TraceAccess> | AsyncIterable<string | TraceAccess>,
): Promise<TracePlayed> {
  const played = { requests: 0, hits: 0, bytes: 0, hitBytes: 0 };
  for await (const one of typeof trace === 'string' ? accessesIn(trace) : trace) {
    const access = typeof one === 'string' ? { key: one } : one;
    const bytes = access.bytes ?? 1;
    played.requests++;
    played.bytes += bytes;
    if ((await cache.get(access.key)) === undefined) await cache.set(access.key, access);
    else {
      played.hits++;
      played.hitBytes += bytes;
    }
  }
  return { ...played, hitRatio: played.hits / played.requests, byteHitRatio: played.hitBytes / played.bytes };
}

function* accessesIn(text: string): Generator<TraceAccess> {
  for (const [i, line] of text.split('\n').entries()) {
    const [key = '', size] = line.trim().split(/\s+/);
    if (key === '' || key.startsWith('#')) continue;
    const bytes = size === undefined ? 1 : Number(size);
    if (!(bytes >= 0))
      throw new TypeError(`Line ${i + 1} of the trace has no size but "${size}". Give bytes: key size.`);
    yield { key, bytes };
  }
}
