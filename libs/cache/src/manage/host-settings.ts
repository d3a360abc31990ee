import type { EvictionSetting } from '#libs/cache-policies';
import type { CacheOptions, Lifetime } from '../options.js';
import { changedLimits, type TierLimits } from '../tier/tier.js';

/** What the host itself has said last, by its options or while the cache runs: what is in force where nobody desires otherwise from afar. */
export class HostSettings {
  lifetime: Lifetime;
  earlyRefresh: number;
  paused = false;
  /** Undefined: as the memory tier was made. */
  policy: EvictionSetting | undefined;
  readonly #limits = new Map<string, TierLimits>();

  constructor(options: Pick<CacheOptions<never, never>, keyof Lifetime | 'earlyRefresh'>) {
    this.lifetime = lifetimeOf(options);
    this.earlyRefresh = options.earlyRefresh ?? 0;
  }

  resized(tier: string, limits: TierLimits): void {
    this.#limits.set(tier, { ...this.#limits.get(tier), ...limits });
  }

  /** The limits of a tier that was made with these. */
  limitsOf(tier: string, made: TierLimits): TierLimits {
    return changedLimits(made, this.#limits.get(tier) ?? {});
  }
}

/** How long entries live, of all that a cache is told; what is not said is left out. */
export function lifetimeOf(options: Lifetime): Lifetime {
  const { ttl, ttlJitter, sliding, maxAge, staleWhileRevalidate, staleIfError, negativeTtl } = options;
  const all = { ttl, ttlJitter, sliding, maxAge, staleWhileRevalidate, staleIfError, negativeTtl };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}
