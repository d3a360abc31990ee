import { REQUEST_RESULTS, type TierTotals } from '#libs/contracts';
import type { CacheCore, CacheCounts } from '../core.js';
import type { CacheKey } from '../key/cache-key.js';
import type { TierUsage } from '../tier/tier.js';

export interface TierStats extends TierTotals, TierUsage {
  readonly tier: string;
  /** Sum of the requests. */
  readonly gets: number;
  /** Share of the gets that it answered: hits, stale hits and remembered absences. NaN before the first get. */
  readonly hitRatio: number;
}

/** What a cache has done since it was made: exact counts, the same that telemetry sends. */
export interface CacheStats extends CacheCounts {
  readonly cache: string;
  /** Gets of the cache: each counts once in the first tier. Those that a paused cache sent to the origin are `bypassed`. */
  readonly gets: number;
  /** Loaders that finished well, and that failed. */
  readonly loads: number;
  readonly loadErrors: number;
  readonly loadsRunning: number;
  readonly loadsQueued: number;
  readonly paused: boolean;
  /** From the nearest on. */
  readonly tiers: readonly TierStats[];
}

export function statsOf<Key extends CacheKey, Value>(core: CacheCore<Key, Value>): CacheStats {
  const totals = core.totals();
  const tiers = core.options.tiers.map((tier, i) => {
    const { requests } = totals[i]!;
    const gets = REQUEST_RESULTS.reduce((sum, result) => sum + requests[result], 0);
    const answered = requests.hit + requests.stale + requests.negative;
    return { tier: tier.name, ...totals[i]!, ...tier.usage(), gets, hitRatio: answered / gets };
  });
  const { running, queued } = core.loads.underWay;
  const { gets, loads, loadErrors } = tiers[0]!;
  return {
    cache: core.name,
    gets,
    loads,
    loadErrors,
    loadsRunning: running,
    loadsQueued: queued,
    paused: core.paused,
    ...core.counts,
    tiers,
  };
}
