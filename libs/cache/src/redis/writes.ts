import { endOf, type RowMeta } from '../disk/row.js';
import type { Entry } from '../tier/tier.js';
import { toBytes } from './key-bytes.js';
import { messageOf, type OpenRedis } from './open-redis.js';
import type { RedisRemovals } from './removals.js';
import { encodeRow } from './row.js';
import * as scripts from './scripts.js';

/**
 * What an entry costs the server beside the bytes of its key, tags and row: with these, the weight of 20,000 entries was
 * within 10 % of the growth of `used_memory` (Redis 7.0, keys of 20 and 100 bytes, with and without an end and two tags).
 */
const ENTRY_OVERHEAD_BYTES = 430;
const END_OVERHEAD_BYTES = 170;
const TAG_OVERHEAD_BYTES = 120;
/** The name of the entry and three indexes hold the key. */
const KEY_COPIES = 4;

/** Writing of a Redis tier: one script for an entry, its place in the indexes, and who has to leave for it. */
export class RedisWrites {
  constructor(
    private readonly redis: OpenRedis,
    private readonly removals: RedisRemovals,
  ) {}

  async set(key: string, entry: Entry): Promise<boolean> {
    const { redis } = this;
    const { codec, context } = redis;
    const bytes = toBytes(key);
    const { value, ...rest } = entry;
    const tags = rest.tags === undefined ? [] : [...new Set(rest.tags)];
    const meta: RowMeta = rest.tags === undefined ? rest : { ...rest, tags };
    let row: Buffer;
    try {
      row = encodeRow(bytes, meta, codec.id, meta.negative ? new Uint8Array(0) : codec.encode(value));
    } catch (cause) {
      await this.removals.removeKey(key, 'replaced');
      throw new TypeError(
        `A value for the Redis tier of ${context.cache} cannot be written down: ${messageOf(cause)}`,
        { cause },
      );
    }
    const tagBytes = tags.map(toBytes);
    const end = endOf(meta);
    const weight = weightOf(bytes, row, tagBytes, end !== undefined);
    const args = [
      bytes,
      row,
      end === undefined ? '' : String(Math.max(1, Math.ceil(end - context.clock.now()))),
      String(weight),
    ];
    return redis.inOrder(async () => {
      redis.hidings.written(key);
      const limits = redis.limitArguments();
      const [kept] = await redis.write({ key }, () =>
        redis.run(scripts.PUT, [redis.instance, ...args, ...limits, ...tagBytes]),
      );
      if (kept === 1) context.recorder.writeSize(weight);
      else context.recorder.removed('rejected');
      return kept === 1;
    });
  }
}

function weightOf(key: Buffer, row: Buffer, tags: readonly Buffer[], ends: boolean): number {
  const tagBytes = tags.reduce((sum, tag) => sum + TAG_OVERHEAD_BYTES + 2 * tag.length + key.length, 0);
  const endBytes = ends ? END_OVERHEAD_BYTES + key.length : 0;
  return ENTRY_OVERHEAD_BYTES + KEY_COPIES * key.length + row.length + endBytes + tagBytes;
}
