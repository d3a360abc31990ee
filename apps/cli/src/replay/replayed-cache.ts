import { createCache, type Cache } from '#libs/cache';
import type { PolicyName } from '#libs/cache-policies';
import type { CacheRecorders, TierRecorder } from '#libs/contracts';
import type { Clock } from '#libs/time';
import type { CacheLimits } from '../trace/cache-size.js';
import { sizeOf } from '../trace/trace-memory.js';
import type { TraceAccess } from '../trace/trace-parser.js';
import { countsOf, type TierCounts } from './counters.js';
import { makeTiers, type AskedTiers, type Content, type MadeTiers } from './tiers.js';

export interface ReplayedCacheOptions {
  readonly name: string;
  readonly limits: CacheLimits;
  readonly tiers: AskedTiers;
  /** What the keys of a Redis tier lie under. */
  readonly namespace?: string;
  /** Undefined: the cache counts for itself alone. */
  readonly recorders: CacheRecorders | undefined;
  readonly clock: Clock;
  readonly random: () => number;
  /** Told of faults that the cache survives. */
  readonly onProblem: (problem: Error) => void;
}

/** Writes that may wait for a farther tier before the replay waits for them. */
const MOST_WAITING = 2_048;
const WAIT_GRAIN_MS = 2;
/** Contents leave the process no larger than this, bytes: entries of a trace may be whole videos. */
const LARGEST_CONTENT = 2 ** 20;

/**
 * A trace through a cache of this project, by one who loads what is missing and writes it: what `getOrLoad` adds to that,
 * against stampedes and slow origins, costs several times as much, and a trace, one access after the other, has no use for
 * it. Requests and loads are counted here, too, so that "emitted" is not all the recorder's own word.
 */
export class ReplayedCache {
  requests = 0;
  #loads = 0;
  readonly #cache: Cache<string, Content>;
  /** Of the nearest tier, where loads are counted. */
  readonly #recorder: TierRecorder | undefined;
  readonly #onProblem: (problem: Error) => void;
  readonly #tiers: MadeTiers;
  readonly #clock: Clock;
  readonly #zeros: Uint8Array | undefined;

  /** @throws CacheOptionsError for a name that no cache may have */
  constructor({ name, limits, tiers, namespace = name, recorders, clock, random, onProblem }: ReplayedCacheOptions) {
    this.#clock = clock;
    this.#tiers = makeTiers(tiers, limits, namespace);
    const leaves = this.#tiers.all.some((tier) => tier !== this.#tiers.memory);
    this.#zeros = leaves ? new Uint8Array(LARGEST_CONTENT) : undefined;
    this.#cache = createCache<string, Content>({
      name,
      tiers: this.#tiers.all,
      ...(recorders !== undefined && { telemetry: recorders }),
      clock,
      random,
      onProblem,
    });
    this.#recorder = recorders?.cache(name, { tier: this.#tiers.all[0].name });
    this.#onProblem = onProblem;
  }

  /** Resolves when all tiers are open; rejects when one cannot be. */
  ready(): Promise<void> {
    return this.#cache.ready();
  }

  get tierNames(): readonly string[] {
    return this.#tiers.all.map(({ name }) => name);
  }

  /** The policy that the memory tier goes by now; undefined where there is none. */
  get policy(): PolicyName | undefined {
    return this.#tiers.memory?.policy;
  }

  /** Requests that met a tier which was away, or failed: it neither answered nor missed them. */
  get unanswered(): number {
    return this.#cache.stats().tiers.reduce((sum, { requests }) => sum + requests.error, 0);
  }

  /** One access at a time: what it returns, when it is not undefined, is to be awaited before the next one. */
  access(access: TraceAccess): Promise<unknown> | undefined {
    this.requests++;
    if (this.#cache.getNow(access.key) !== undefined) return undefined;
    return this.#getOrFill(access);
  }

  /** Resolves when no more writes wait for farther tiers than a replay may be ahead of them; with `all`, when none does. */
  async keepStep({ all = false, signal }: { readonly all?: boolean; readonly signal: AbortSignal }): Promise<void> {
    const most = all ? 0 : MOST_WAITING;
    while (this.#waiting() > most) await this.#clock.sleep(WAIT_GRAIN_MS, signal);
    if (all) await this.#tiers.redis?.settled();
  }

  /** What the cache says it did, but for what the replay counts better: its requests, and the times that it was asked to load. */
  counts(): TierCounts {
    return this.#cache.stats().tiers.map((stats, i) => ({
      tier: stats.tier,
      counts: { ...countsOf(stats), ...(i === 0 && { requests: this.requests, loads: this.#loads }) },
    }));
  }

  close(): Promise<void> {
    return this.#cache.close();
  }

  #waiting(): number {
    const { disk, redis } = this.#tiers;
    return (disk?.waiting ?? 0) + (redis?.waiting ?? 0);
  }

  async #getOrFill(access: TraceAccess): Promise<void> {
    if ((await this.#cache.get(access.key)) !== undefined) return;
    this.#loads++;
    this.#recorder?.loaded();
    const size = sizeOf(access);
    const content = this.#zeros === undefined ? { size } : { size, bytes: this.#zeros.subarray(0, size) };
    // It is in memory at once; `keepStep` waits for the farther tiers.
    this.#cache.set(access.key, content).catch(this.#onProblem);
  }
}
