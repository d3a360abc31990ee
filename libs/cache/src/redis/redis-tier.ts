import { randomBytes } from 'node:crypto';
import type { RemovalCause } from '#libs/contracts';
import {
  changedLimits,
  TierUnavailableError,
  type Entry,
  type EntryInfo,
  type Selection,
  type Stay,
  type Tier,
  type TierContext,
  type TierLimits,
  type TierLock,
  type TierProblem,
  type TierUsage,
  type Touched,
} from '../tier/tier.js';
import { lockKey } from './locking.js';
import { RedisNews } from './news.js';
import { OpenRedis } from './open-redis.js';
import { RedisReads } from './reads.js';
import { redisProblems, type RedisOptions } from './redis-options.js';
import { RedisRemovals } from './removals.js';
import { RedisUpkeep } from './upkeep.js';
import { verifyEntries } from './verify.js';
import { walk } from './walking.js';
import { RedisWrites } from './writes.js';

export type { RedisOptions } from './redis-options.js';

/** A tier on a Redis server (7 or newer, or one that speaks as it does), to hand to `createCache`. */
export function redis(options: RedisOptions): RedisTier {
  // Without any the cache tells what is missing.
  return new RedisTier(options ?? {});
}

const CACHE_NAME = /^[\w.-]{1,64}$/;
const NOTHING = { entries: 0, bytes: 0 };

/** An open tier, by subject. */
interface Parts {
  readonly redis: OpenRedis;
  readonly reads: RedisReads;
  readonly writes: RedisWrites;
  readonly removals: RedisRemovals;
  readonly upkeep: RedisUpkeep;
}

/**
 * Entries on a Redis server, shared by all instances of a cache. A read is one command; a write or a removal is a script,
 * which changes the entry, the indexes and the totals at once, and tells the other instances.
 *
 * While the server is away every call rejects at once with `TierUnavailableError`, and a call that it leaves without an
 * answer after `commandTimeoutMs`. What should have been removed or overwritten meanwhile is remembered, and removed before
 * anything else is read when the server is back; it is forgotten when the process ends first. Then, too, `onRemoved` tells that
 * everything may have changed, since messages were lost.
 *
 * `usage` is as of the last answer, at most a second old while the server is there.
 */
export class RedisTier implements Tier {
  readonly name = 'redis';
  readonly shared = true;
  readonly #options: RedisOptions;
  readonly #limits: TierLimits;
  readonly #instance = randomBytes(8).toString('hex');
  readonly #news = new RedisNews(this.#instance);
  #parts: Parts | undefined;
  #closing: Promise<void> | undefined;

  constructor(options: RedisOptions) {
    this.#options = options;
    const { maxBytes, maxEntries } = options;
    this.#limits = { ...(maxBytes !== undefined && { maxBytes }), ...(maxEntries !== undefined && { maxEntries }) };
  }

  problems() {
    return redisProblems(this.#options);
  }

  async open(context: TierContext): Promise<void> {
    const { cache, recorder, onProblem } = context;
    if (this.#parts !== undefined) throw new Error(`A Redis tier belongs to one cache; cache ${cache} needs its own.`);
    if (!CACHE_NAME.test(cache))
      throw new TypeError(`A cache on Redis is named by up to 64 letters, digits and ._-, and not ${cache}.`);
    const redis = new OpenRedis(this.#options, context, this.#instance, this.#limits, {
      onUp: () => upkeep.isUp(),
      onMessage: (message) => this.#news.hear(message),
    });
    const removals = new RedisRemovals(redis);
    const upkeep = new RedisUpkeep(redis, removals, this.#news);
    const reads = new RedisReads(redis, removals);
    this.#parts = { redis, reads, writes: new RedisWrites(redis, removals), removals, upkeep };
    await redis.link.start();
    if (redis.link.isUp) await upkeep.tidy().catch(onProblem);
    recorder.gauges(() => this.usage());
    upkeep.schedule();
  }

  async get(key: string): Promise<Entry | undefined> {
    return this.#open().reads.get(key);
  }

  async getMany(keys: readonly string[]): Promise<(Entry | undefined)[]> {
    return this.#open().reads.getMany(keys);
  }

  async set(key: string, entry: Entry): Promise<boolean> {
    return this.#open().writes.set(key, entry);
  }

  async remove(
    selection: Selection,
    { cause, dryRun = false }: { readonly cause: RemovalCause; readonly dryRun?: boolean },
  ): Promise<Touched> {
    const { removals } = this.#open();
    return dryRun ? removals.wouldRemove(selection) : removals.remove(selection, cause);
  }

  async *entries(): AsyncIterable<EntryInfo> {
    const { redis } = this.#open();
    for await (const page of walk(redis, { all: true })) for (const { info, there } of page) if (there) yield info;
  }

  async explain(key: string): Promise<Stay | undefined> {
    return this.#open().reads.explain(key);
  }

  usage(): TierUsage & { readonly entries: number; readonly bytes: number } {
    const redis = this.#parts?.redis;
    return { ...(redis?.held ?? NOTHING), ...(redis?.limits ?? this.#limits) };
  }

  /** A limit that is left out stays as it is. Each instance keeps its own limits for all. */
  async resize(limits: TierLimits): Promise<void> {
    const { redis, upkeep } = this.#open();
    redis.limits = changedLimits(redis.limits, limits);
    await redis.inOrder(async () => {
      while (await upkeep.tidy());
    });
  }

  async *verify({ repair }: { readonly repair: boolean }): AsyncIterable<TierProblem> {
    const { redis, removals } = this.#open();
    yield* verifyEntries(redis, removals, repair);
  }

  /** Lets one instance at a time load a key, by the clock of the server. A server that is started anew forgets its locks. */
  async lock(key: string, ttlMs: number): Promise<TierLock | undefined> {
    return lockKey(this.#open().redis, key, ttlMs);
  }

  /**
   * Calls back after the answers that came before the message, so that what they filled is dropped, too. Nothing is missed
   * before the first answer: a connection hears of messages before anything is asked by it.
   */
  onRemoved(listener: (selection: Selection) => void): void {
    this.#news.listen(listener);
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  async #close(): Promise<void> {
    this.#news.close();
    if (this.#parts === undefined) return;
    const { redis, upkeep } = this.#parts;
    redis.isClosing = true;
    upkeep.stop();
    await redis.settled();
    await redis.link.close();
  }

  #open(): Parts {
    if (this.#parts === undefined || this.#closing !== undefined)
      throw new TierUnavailableError(`The Redis tier is ${this.#closing ? 'closed' : 'not open yet'}.`);
    return this.#parts;
  }
}
