import { createCache, type Cache } from '#libs/cache';
import type { PolicyName } from '#libs/cache-policies';
import type { CacheRecorders, TierRecorder } from '#libs/contracts';
import type { Clock } from '#libs/time';
import type { CacheLimits } from '../trace/cache-size.js';
import { sizeOf } from '../trace/trace-memory.js';
import type { TraceAccess } from '../trace/trace-parser.js';
import { mostAhead } from './ahead.js';
import { countsOf, type TierCounts } from './counters.js';
import { makeTiers, type AskedTiers, type Content, type MadeTiers, type WatchedTier } from './tiers.js';

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

const WAIT_GRAIN_MS = 1;
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
  /** Tiers beyond memory, each with how many writes may wait for it, as of when more last did. */
  readonly #watched: readonly { readonly tier: WatchedTier; most: number }[];

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
    this.#watched = [this.#tiers.disk, this.#tiers.redis].flatMap((tier) =>
      tier === undefined ? [] : { tier, most: 0 },
    );
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

  /** Whether more writes may wait than should: `keepStep` is to be awaited before the next access. */
  get isAhead(): boolean {
    for (const { tier, most } of this.#watched) if (tier.waiting > most) return true;
    return false;
  }

  /** Resolves when no more writes wait for a tier than a replay may be ahead of it; with `all`, when none does. */
  async keepStep({ all = false, signal }: { readonly all?: boolean; readonly signal: AbortSignal }): Promise<void> {
    for (const watched of this.#watched) {
      const { tier } = watched;
      watched.most = mostAhead(tier.usage().entries);
      while (tier.waiting > (all ? 0 : watched.most)) {
        await this.#clock.sleep(WAIT_GRAIN_MS, signal);
        watched.most = mostAhead(tier.usage().entries);
      }
    }
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
