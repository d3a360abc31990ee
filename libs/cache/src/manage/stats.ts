import { REQUEST_RESULTS, WINDOW_HISTOGRAMS, type TierTotals, type WindowHistogram } from '#libs/contracts';
import { ExpHistogram } from '#libs/histogram';
import type { CacheCore, CacheCounts } from '../core.js';
import type { CacheKey } from '../key/cache-key.js';
import type { TierUsage } from '../tier/tier.js';

/** A histogram in few numbers, quantiles within 1.1 %; all but the count NaN when there are no values. */
export interface Distribution {
  readonly count: number;
  readonly mean: number;
  readonly p50: number;
  readonly p99: number;
}

/**
 * Durations in nanoseconds, sizes in bytes, ages in milliseconds. Of all loads, writes, evictions and refreshes; of memory's
 * hits one in some 256 is timed, and its age looked at.
 */
export type TierDistributions = Readonly<Record<WindowHistogram, Distribution>>;

export interface TierStats extends TierTotals, TierUsage {
  readonly tier: string;
  /** Sum of the requests. */
  readonly gets: number;
  /** Share of the gets that it answered: hits, stale hits and remembered absences. NaN before the first get. */
  readonly hitRatio: number;
  /** Share of the gets that it would answer, as far as ghosts tell, if it were twice as large. NaN where they do not: on Redis. */
  readonly hitRatioAtTwice: number;
  readonly distributions: TierDistributions;
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
  const histograms = core.histograms();
  const tiers = core.options.tiers.map((tier, i) => {
    const { requests } = totals[i]!;
    const gets = REQUEST_RESULTS.reduce((sum, result) => sum + requests[result], 0);
    const answered = requests.hit + requests.stale + requests.negative;
    return {
      tier: tier.name,
      ...totals[i]!,
      ...tier.usage(),
      gets,
      hitRatio: answered / gets,
      hitRatioAtTwice:
        tier.ghostHits === undefined ? Number.NaN : Math.min(1, (answered + totals[i]!.ghostHits) / gets),
      distributions: Object.fromEntries(
        WINDOW_HISTOGRAMS.map((name) => [name, distributionOf(ExpHistogram.fromData(histograms[i]![name]))]),
      ) as TierDistributions,
    };
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

function distributionOf(histogram: ExpHistogram): Distribution {
  const { count, sum } = histogram;
  return { count, mean: sum / count, p50: histogram.quantile(0.5), p99: histogram.quantile(0.99) };
}
