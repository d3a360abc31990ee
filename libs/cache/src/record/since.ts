import { WINDOW_HISTOGRAMS, type HistogramData, type TierHistograms, type TierTotals } from '#libs/contracts';

/** What was counted since it was as `before`. */
export function totalsSince(now: TierTotals, before: TierTotals): TierTotals {
  return {
    requests: less(now.requests, before.requests),
    loads: now.loads - before.loads,
    loadErrors: now.loadErrors - before.loadErrors,
    writes: now.writes - before.writes,
    removals: less(now.removals, before.removals),
    refreshes: less(now.refreshes, before.refreshes),
    costSavedNs: now.costSavedNs - before.costSavedNs,
    ghostHits: now.ghostHits - before.ghostHits,
  };
}

/** What was recorded since they were as `before`. */
export function histogramsSince(now: TierHistograms, before: TierHistograms): TierHistograms {
  return Object.fromEntries(
    WINDOW_HISTOGRAMS.map((name) => [name, histogramSince(now[name], before[name])]),
  ) as unknown as TierHistograms;
}

/** Bins are taken from bins; of the least and the greatest value nobody knows when they came. */
function histogramSince(now: HistogramData, before: HistogramData): HistogramData {
  if (before.count === 0) return now;
  const counts = new Map<number, number>();
  for (const [histogram, sign] of [
    [now, 1],
    [before, -1],
  ] as const)
    for (let i = 0; i < histogram.bins.length; i += 2) {
      const bin = histogram.bins[i]!;
      counts.set(bin, (counts.get(bin) ?? 0) + sign * histogram.bins[i + 1]!);
    }
  return {
    scale: now.scale,
    count: now.count - before.count,
    sum: now.sum - before.sum,
    zero: (now.zero ?? 0) - (before.zero ?? 0),
    bins: [...counts].filter(([, count]) => count > 0).flat(),
  };
}

function less<Names extends string>(
  now: Readonly<Record<Names, number>>,
  before: Readonly<Record<Names, number>>,
): Record<Names, number> {
  const rest: Record<Names, number> = { ...now };
  for (const name of Object.keys(now) as Names[]) rest[name] -= before[name];
  return rest;
}
