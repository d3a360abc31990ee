import { nearlyEqual } from './equality.js';

/** A bucket of a classic histogram: how many observations were up to a bound, all lower ones included. */
export interface ClassicBucket {
  readonly upperBound: number;
  readonly count: number;
}

/** Where counts fell from one bucket to the next, which they cannot. */
export interface MonotonicityRepair {
  readonly lowestBound: number;
  readonly highestBound: number;
  /** By how much at most. */
  readonly largestFall: number;
}

export interface BucketQuantile {
  readonly quantile: number;
  /** Counts fell, and were taken to stay: cause for an info annotation. */
  readonly repair?: MonotonicityRepair;
}

/** Relative differences from one count to the next that come of rounding: no cause for an annotation. */
const ROUNDING = 1e-12;

interface Rung {
  readonly upperBound: number;
  count: number;
}

/** By bound, those of equal bounds added up; undefined when the last is not +Inf, so that some observations are missing. */
function sorted(buckets: readonly ClassicBucket[]): Rung[] | undefined {
  const rungs: Rung[] = [];
  for (const { upperBound, count } of buckets.toSorted((a, b) => a.upperBound - b.upperBound || 0)) {
    const last = rungs.at(-1);
    if (last?.upperBound === upperBound) last.count += count;
    else rungs.push({ upperBound, count });
  }
  return rungs.at(-1)?.upperBound === Infinity ? rungs : undefined;
}

/** Lets no count be below the one before it, and takes away differences that come of rounding. */
function makeMonotonic(rungs: readonly Rung[]): MonotonicityRepair | undefined {
  let lowestBound = Infinity;
  let highestBound = -Infinity;
  let largestFall = 0;
  let before = rungs[0]?.count ?? 0;
  for (const rung of rungs.slice(1)) {
    const { count, upperBound } = rung;
    if (count === before) continue;
    if (nearlyEqual(before, count, ROUNDING)) rung.count = before;
    else if (count < before) {
      rung.count = before;
      lowestBound = Math.min(lowestBound, upperBound);
      highestBound = Math.max(highestBound, upperBound);
      largestFall = Math.max(largestFall, before - count);
    } else before = count;
  }
  return highestBound === -Infinity && lowestBound === Infinity
    ? undefined
    : { lowestBound, highestBound, largestFall };
}

/** The first bucket, but for the last, that reaches a rank. */
function bucketOfRank(rungs: readonly Rung[], rank: number): number {
  let low = 0;
  let high = rungs.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((rungs[middle]?.count ?? 0) >= rank) high = middle;
    else low = middle + 1;
  }
  return low;
}

function quantileAmong(q: number, rungs: readonly Rung[]): number {
  const observations = rungs.at(-1)?.count ?? 0;
  if (rungs.length < 2 || observations === 0) return NaN;
  const rank = q * observations;
  const at = bucketOfRank(rungs, rank);
  if (at === rungs.length - 1) return rungs[at - 1]?.upperBound ?? NaN;
  const upper = rungs[at]?.upperBound ?? NaN;
  if (at === 0 && upper <= 0) return upper;
  const lower = at > 0 ? (rungs[at - 1]?.upperBound ?? 0) : 0;
  const below = at > 0 ? (rungs[at - 1]?.count ?? 0) : 0;
  const count = (rungs[at]?.count ?? 0) - below;
  return lower + (upper - lower) * ((rank - below) / count);
}

/**
 * The value that the part `q` of the observations is at or below, interpolated linearly in its bucket; in the last one it
 * is the bound before it. The first bucket begins at 0, or is only its bound when that is not above 0. Buckets come in any
 * order; those of one bound are added up. O(n log n)
 * @returns NaN without observations, without the bucket of +Inf or beside it another, and when `q` is NaN
 */
export function bucketQuantile(q: number, buckets: readonly ClassicBucket[]): BucketQuantile {
  if (Number.isNaN(q)) return { quantile: NaN };
  if (q < 0) return { quantile: -Infinity };
  if (q > 1) return { quantile: Infinity };
  const rungs = sorted(buckets);
  if (rungs === undefined) return { quantile: NaN };
  const repair = makeMonotonic(rungs);
  const quantile = quantileAmong(q, rungs);
  return repair === undefined ? { quantile } : { quantile, repair };
}

/** How many observations are below a value; undefined when all buckets are. */
function rankOf(rungs: readonly Rung[], value: number): number | undefined {
  let lower = (rungs[0]?.upperBound ?? 0) <= 0 ? -Infinity : 0;
  let rank = 0;
  for (const { upperBound, count } of rungs) {
    if (lower >= value) return rank;
    if (upperBound > value) {
      if (lower === -Infinity) return count;
      return rank + ((count - rank) * (value - lower)) / (upperBound - lower);
    }
    rank = count;
    lower = upperBound;
  }
  return undefined;
}

/**
 * The part of the observations that is from `lower` to `upper`, interpolated as quantiles are. O(n log n)
 * @returns NaN without observations, without the bucket of +Inf, and when a bound is NaN; 0 when `lower` is not below `upper`
 */
export function bucketFraction(lower: number, upper: number, buckets: readonly ClassicBucket[]): number {
  const rungs = sorted(buckets);
  const count = rungs?.at(-1)?.count ?? 0;
  if (rungs === undefined || count === 0 || Number.isNaN(lower) || Number.isNaN(upper)) return NaN;
  if (lower >= upper) return 0;
  const lowerRank = Math.min(rankOf(rungs, lower) ?? count, count);
  const upperRank = Math.min(rankOf(rungs, upper) ?? count, count);
  return (upperRank - lowerRank) / count;
}
