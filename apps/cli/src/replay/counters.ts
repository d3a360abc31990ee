import type { TierStats } from '#libs/cache';

/** What one tier counts, and what the database can tell about it: the same names on both sides. */
export const COUNTERS = ['requests', 'hits', 'misses', 'loads', 'writes', 'evicted', 'rejected'] as const;
export type Counter = (typeof COUNTERS)[number];
export type Counts = Record<Counter, number>;

/** The counts of each tier, from the nearest on. */
export type TierCounts = readonly { readonly tier: string; readonly counts: Counts }[];

export function noCounts(): Counts {
  return Object.fromEntries(COUNTERS.map((name) => [name, 0])) as Counts;
}

/** The cache's own figures, by the names of the database. */
export function countsOf({ gets, requests, loads, writes, removals }: TierStats): Counts {
  return {
    requests: gets,
    hits: requests.hit,
    misses: requests.miss,
    loads,
    writes,
    evicted: removals.evicted,
    rejected: removals.rejected,
  };
}

/** The cache as a whole: every request asks the nearest tier, and misses when the farthest one does. The rest are sums. */
export function overall(tiers: TierCounts): Counts {
  const all = noCounts();
  for (const { counts } of tiers) for (const name of COUNTERS) all[name] += counts[name];
  return {
    ...all,
    requests: tiers[0]?.counts.requests ?? 0,
    misses: tiers.at(-1)?.counts.misses ?? 0,
  };
}

/** The counters that differ in some tier. */
export function differences(emitted: TierCounts, stored: TierCounts): Counter[] {
  return COUNTERS.filter((name) => emitted.some(({ counts }, i) => counts[name] !== stored[i]?.counts[name]));
}

/** A counter of the database can only be behind; one that is ahead will never become equal. */
export function isAhead(emitted: TierCounts, stored: TierCounts): boolean {
  return stored.some(({ counts }, i) => COUNTERS.some((name) => counts[name] > (emitted[i]?.counts[name] ?? 0)));
}

/** Hits per request, 0 without requests. */
export function hitRatio({ hits, requests }: Counts): number {
  return requests === 0 ? 0 : hits / requests;
}
