import { infoOf } from '../tier/entry-info.js';
import type { Entry, EntryInfo, Stay } from '../tier/tier.js';
import { toBytes } from './key-bytes.js';
import { messageOf, type OpenRedis } from './open-redis.js';
import type { RedisRemovals } from './removals.js';
import { readRow } from './row.js';
import { walk } from './walking.js';

/** Keys asked for in one command. */
const ASKED_AT_ONCE = 256;

/** Reading of a Redis tier: one command for up to 256 keys. */
export class RedisReads {
  constructor(
    private readonly redis: OpenRedis,
    private readonly removals: RedisRemovals,
  ) {}

  async get(key: string): Promise<Entry | undefined> {
    return (await this.redis.inOrder(() => this.#read([key])))[0];
  }

  async getMany(keys: readonly string[]): Promise<(Entry | undefined)[]> {
    if (keys.length === 0) return [];
    const parts: (readonly string[])[] = [];
    for (let from = 0; from < keys.length; from += ASKED_AT_ONCE) parts.push(keys.slice(from, from + ASKED_AT_ONCE));
    const answers = await this.redis.inOrder(() => Promise.all(parts.map((part) => this.#read(part))));
    return answers.flat();
  }

  async explain(key: string): Promise<Stay | undefined> {
    const { redis } = this;
    const name = Buffer.concat([Buffer.from(`${redis.base}e:`), toBytes(key)]);
    const idle = await redis.track(redis.link.send(['OBJECT', 'IDLETIME', name], { writes: false }));
    for await (const page of walk(redis, { key })) {
      const met = page.find(({ info, there }) => there && info.key === key);
      if (met === undefined) return undefined;
      const idleMs = typeof idle === 'number' ? idle * 1_000 : undefined;
      const because =
        idleMs === undefined
          ? 'the server has not had to evict it'
          : `unused for ${idleMs / 1_000} s; what was used since it was queued gets another turn`;
      return { bytes: met.info.bytes, ...(idleMs !== undefined && { idleMs }), because };
    }
    return undefined;
  }

  async #read(keys: readonly string[]): Promise<(Entry | undefined)[]> {
    const hidden = this.redis.hidings.now();
    const places = keys.map((key) => toBytes(key));
    const rows = await this.redis.rowsOf(places);
    return keys.map((key, i) => {
      const row = rows[i];
      return row === undefined ? undefined : this.#entryOf(key, places[i]!, row, hidden(key));
    });
  }

  #entryOf(
    key: string,
    place: Buffer,
    bytes: Buffer,
    hidden: readonly ((info: EntryInfo) => boolean)[],
  ): Entry | undefined {
    const { debts, codec } = this.redis;
    const row = readRow(place, bytes);
    if (typeof row === 'string')
      return this.#unreadable(key, row === 'corrupt' ? 'its checksum is another one' : 'it is of another version');
    if (hidden.length > 0 || !debts.none) {
      const info = infoOf('redis', key, row.meta, 0);
      if (hidden.some((matches) => matches(info)) || debts.hides(info)) return undefined;
    }
    if (row.meta.negative) return { value: undefined, ...row.meta };
    try {
      if (row.codec !== codec.id) throw new Error(`it was written by codec ${row.codec}`);
      return { value: codec.decode(Uint8Array.prototype.slice.call(row.content) as Uint8Array), ...row.meta };
    } catch (cause) {
      return this.#unreadable(key, messageOf(cause));
    }
  }

  /** It goes, so that it is not met again. */
  #unreadable(key: string, why: string): undefined {
    const { context, isClosing } = this.redis;
    context.onProblem(new Error(`An entry on Redis cannot be read (${why}); it is a miss.`));
    if (!isClosing) this.removals.removeKey(key, 'invalidated').catch(context.onProblem);
  }
}
