import { SystemClock, type Clock, type Timer } from '#libs/time';
import { CacheOptionsError } from '../errors.js';
import type { TierStats } from '../manage/stats.js';
import { asError } from '../tier/far-tier.js';
import { claimsOf, type Seen } from './demand.js';
import type { CacheGroup, ManagedCache } from './managed-cache.js';
import { managerProblems, type CacheManagerOptions } from './manager-options.js';
import { fullest, NO_PRESSURE, share, step, type MemoryReading } from './pressure.js';
import { splitBudget } from './split-budget.js';

export interface ManagedReport {
  readonly cache: string;
  /** What its memory may hold; undefined when it takes no part in the budget. */
  readonly maxBytes: number | undefined;
  readonly bytes: number;
  /** Its part of the budget. */
  readonly share: number;
  /** Set from afar: it is not the manager's, except under pressure. */
  readonly desired: boolean;
  /** Of its memory; NaN before the first get. */
  readonly hitRatio: number;
  readonly tiers: readonly TierStats[];
}

export interface ManagerReport {
  readonly maxBytes: number;
  /** The part of the budget that the caches have now: less than 1 under pressure. */
  readonly factor: number;
  readonly pressure: 'calm' | 'steady' | 'tight' | 'critical';
  /** The fullest memory, when it was last read. */
  readonly fullest: MemoryReading | undefined;
  readonly caches: readonly ManagedReport[];
}

interface Managed {
  readonly cache: ManagedCache;
  hitsBefore: number;
  seen: Seen | undefined;
}

/** A part grows or shrinks by at most so much at once, and is left alone for less than this: moving it costs entries. */
const MOST_CHANGE = 0.2;
const LEAST_CHANGE = 0.02;

/**
 * Knows the caches of a process and splits one budget of memory over them, by the host's weights and by how many gets
 * their bytes answer; under pressure they make room together. Caches join it by their option `manager`.
 */
export class CacheManager implements CacheGroup {
  readonly #options: CacheManagerOptions;
  readonly #clock: Clock;
  readonly #caches = new Map<string, Managed>();
  #work: Promise<void> = Promise.resolve();
  #pressure = NO_PRESSURE;
  #fullest: MemoryReading | undefined;
  #timer: Timer | undefined;
  #splitAt = Number.NEGATIVE_INFINITY;
  #closed = false;

  /** @throws CacheOptionsError that lists all that is wrong */
  constructor(options: CacheManagerOptions) {
    const problems = managerProblems(options);
    if (problems.length > 0) throw new CacheOptionsError('the cache manager', problems);
    this.#options = options;
    this.#clock = options.clock ?? new SystemClock();
    this.#pressure = { ...NO_PRESSURE, since: this.#clock.monotonic() };
    this.#lookSoon();
  }

  add(cache: ManagedCache): () => void {
    const { name } = cache;
    if (this.#caches.has(name))
      throw new TypeError(`The manager has a cache named ${name} already; name this one otherwise.`);
    const { minBytes = 0 } = cache.share;
    const others = [...this.#caches.values()].filter((managed) => managed.cache.memory() !== undefined);
    const left = this.maxBytes - others.reduce((sum, managed) => sum + (managed.cache.share.minBytes ?? 0), 0);
    // What is promised and cannot be kept is better known when the cache is made than when it has no room.
    if (minBytes > left && cache.memory() !== undefined)
      throw new CacheOptionsError(`cache ${name}`, [
        {
          path: 'share.minBytes',
          message: `${minBytes} does not fit: of the manager's budget of ${this.maxBytes} the least of its other caches leaves ${left}. Lower one of them, or give the manager more.`,
        },
      ]);
    this.#caches.set(name, { cache, hitsBefore: 0, seen: undefined });
    this.#splitSoon();
    return () => {
      if (this.#caches.get(name)?.cache === cache) this.#caches.delete(name);
      this.#splitSoon();
    };
  }

  /** The budget. */
  get maxBytes(): number {
    return this.#options.maxBytes;
  }

  async settle(name: string): Promise<boolean> {
    if (!this.#caches.has(name)) return false;
    await this.#turn(async () => this.#split(true));
    return this.#caches.has(name);
  }

  /** The cache of that name, as it is managed. */
  cache(name: string): ManagedCache | undefined {
    return this.#caches.get(name)?.cache;
  }

  get names(): readonly string[] {
    return [...this.#caches.keys()];
  }

  report(): ManagerReport {
    const { maxBytes } = this.#options;
    const { factor, level } = this.#pressure;
    const caches = [...this.#caches.values()].map(({ cache }): ManagedReport => {
      const memory = cache.memory();
      const { tiers } = cache.stats();
      return {
        cache: cache.name,
        maxBytes: memory?.maxBytes,
        bytes: memory?.bytes ?? 0,
        share: (memory?.maxBytes ?? 0) / maxBytes,
        desired: memory?.desiredBytes !== undefined,
        hitRatio: tiers[0]!.hitRatio,
        tiers,
      };
    });
    return { maxBytes, factor, pressure: level, fullest: this.#fullest, caches };
  }

  describe(): Readonly<Record<string, string | number | boolean>> {
    const { factor, level } = this.#pressure;
    return {
      'manager.maxBytes': this.#options.maxBytes,
      'manager.factor': factor,
      'manager.pressure': level,
      'manager.caches': this.#caches.size,
    };
  }

  /** Looks at memory now, and splits the budget anew when that is due, or asked for. Done by itself every second. */
  async look({ split = false } = {}): Promise<void> {
    const readings = (await this.#options.pressure?.read()) ?? [];
    this.#fullest = fullest(readings);
    const { factor } = this.#pressure;
    const now = this.#clock.monotonic();
    // What cannot be read squeezes nobody.
    const used = this.#fullest === undefined ? 0 : share(this.#fullest);
    this.#pressure = step(this.#pressure, used, now, this.#options.pressureOptions);
    const isDue = now - this.#splitAt >= (this.#options.splitEveryMs ?? 10_000);
    if (isDue) this.#observe();
    if (isDue || split || factor !== this.#pressure.factor) await this.#split(factor !== this.#pressure.factor);
  }

  /** Lets go of the caches: they keep what they have, and live on. */
  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
    this.#caches.clear();
  }

  #lookSoon(): void {
    if (this.#closed) return;
    const { lookEveryMs = 1_000 } = this.#options;
    const look = () => void this.#turn(() => this.look()).finally(() => this.#lookSoon());
    this.#timer = this.#clock.setTimer(look, lookEveryMs, { unref: true });
  }

  /** Who comes and who leaves changes the parts at once; in a turn of its own, as a cache adds itself before its host has it. */
  #splitSoon(): void {
    if (!this.#closed) void this.#turn(async () => this.#split(true));
  }

  #turn(work: () => Promise<void>): Promise<void> {
    this.#work = this.#work.then(work).catch((problem: unknown) => this.#options.onProblem?.(asError(problem)));
    return this.#work;
  }

  #observe(): void {
    this.#splitAt = this.#clock.monotonic();
    for (const managed of this.#caches.values()) {
      const { requests } = managed.cache.stats().tiers[0]!;
      const hits = requests.hit + requests.stale + requests.negative;
      const memory = managed.cache.memory();
      managed.seen = memory && { ...memory, hits: hits - managed.hitsBefore };
      managed.hitsBefore = hits;
    }
  }

  /** Shrinks before it grows, so that the sum is never above the budget. */
  async #split(atOnce: boolean): Promise<void> {
    const parts = [...this.#caches.values()].flatMap((managed) => {
      const memory = managed.cache.memory();
      return memory === undefined ? [] : [{ managed, memory }];
    });
    const claims = claimsOf(
      parts.map(({ managed, memory }) => ({
        ...managed.cache.share,
        seen: managed.seen,
        fixedBytes: memory.desiredBytes,
      })),
      this.#options.maxBytes,
    );
    const shares = splitBudget(this.#options.maxBytes, claims);
    const { factor } = this.#pressure;
    const overdrawn = parts.reduce((sum, { memory }) => sum + memory.maxBytes, 0) > this.#options.maxBytes * factor;
    const changes = parts
      .map(({ managed, memory }, i) => {
        const wanted = Math.floor(shares[i]! * factor);
        const mayJump = atOnce || overdrawn || memory.desiredBytes !== undefined;
        return { managed, from: memory.maxBytes, to: mayJump ? wanted : nearer(memory.maxBytes, wanted) };
      })
      .filter(({ from, to }) => atOnce || overdrawn || Math.abs(to - from) >= LEAST_CHANGE * from);
    const give = ({ managed, to }: (typeof changes)[number]) => managed.cache.give(to);
    await Promise.all(changes.filter(({ from, to }) => to < from).map(give));
    // What was not taken because it is too little must not be given either.
    let room =
      this.#options.maxBytes * factor -
      parts.reduce((sum, { managed }) => sum + (managed.cache.memory()?.maxBytes ?? 0), 0);
    for (const change of changes.filter(({ from, to }) => to > from)) {
      const to = Math.floor(Math.min(change.to, change.from + Math.max(0, room)));
      room -= to - change.from;
      if (to > change.from) await give({ ...change, to });
    }
  }
}

/** So far towards what is wanted as one step goes. */
function nearer(from: number, wanted: number): number {
  return Math.round(Math.min(from * (1 + MOST_CHANGE), Math.max(from * (1 - MOST_CHANGE), wanted)));
}
