import { codecProblems, type ValueCodec } from '../disk/value-codec.js';
import type { OptionProblem } from '../errors.js';
import { LIMIT_FIELDS, isLimit, limitProblems } from '../validate/limits.js';
import { unknownOptions } from '../validate/option-names.js';
import { placeOf } from './link.js';

export interface RedisOptions {
  /**
   * `redis://[user[:password]@]host[:port][/database]`, or `rediss://` for TLS. The user needs the commands of strings,
   * hashes, lists, sorted sets, scripts and the channel; `CLIENT KILL` too, so that a connection that was given up does
   * nothing late.
   */
  readonly url: string;
  /**
   * Most bytes that the entries of this cache may take, over all instances: what they were weighed at, which is near what the
   * server needs for them, indexes and all. Default: no limit but the server's own.
   */
  readonly maxBytes?: number;
  /** Most entries. Default: no limit. */
  readonly maxEntries?: number;
  /** How values are written down. Default: `structuredCodec`. Entries of another codec are misses. */
  readonly codec?: ValueCodec;
  /** A command that is not answered within it fails, ms. Default 1,000. */
  readonly commandTimeoutMs?: number;
  /** An attempt to connect fails after it, ms. Default 2,000. */
  readonly connectTimeoutMs?: number;
  /** Commands without an answer, in a row, after which the server counts as away. Default 3. */
  readonly failuresToOpen?: number;
  /** While it is away, attempts come up to so long after each other, ms: from 100 on, doubled, by chance. Default 10,000. */
  readonly longestRetryMs?: number;
}

const TIMES = ['commandTimeoutMs', 'connectTimeoutMs', 'longestRetryMs'] as const;
/** Timers take no longer ones. */
const LONGEST_MS = 2 ** 31 - 1;

const FIELDS: Readonly<Record<keyof RedisOptions, true>> = {
  url: true,
  ...LIMIT_FIELDS,
  codec: true,
  commandTimeoutMs: true,
  connectTimeoutMs: true,
  failuresToOpen: true,
  longestRetryMs: true,
};

/** What is wrong with the options of a Redis tier. The url is not told: it may hold a password. */
export function redisProblems(options: Partial<RedisOptions>): OptionProblem[] {
  const problems = unknownOptions(options, FIELDS);
  const { url, codec, failuresToOpen } = options;
  if (!isUrl(url))
    problems.push({
      path: 'url',
      message: 'is none of Redis. Give redis://[user[:password]@]host[:port][/database], or rediss:// for TLS.',
    });
  problems.push(...limitProblems(options), ...codecProblems(codec));
  for (const path of TIMES) {
    const ms: unknown = options[path];
    if (ms !== undefined && !(typeof ms === 'number' && ms > 0 && ms <= LONGEST_MS))
      problems.push({ path, message: `${String(ms)} is no time. Give milliseconds, more than 0.` });
  }
  if (failuresToOpen !== undefined && !(isLimit(failuresToOpen) && failuresToOpen > 0))
    problems.push({
      path: 'failuresToOpen',
      message: `${String(failuresToOpen)} is no number of failures. Give a whole number, 1 or more.`,
    });
  return problems;
}

function isUrl(url: unknown): boolean {
  if (typeof url !== 'string') return false;
  try {
    placeOf(url);
    return true;
  } catch {
    return false;
  }
}
