import type { ValueCodec } from '../disk/value-codec.js';

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
