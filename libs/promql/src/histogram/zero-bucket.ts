import type { Buckets, FloatHistogram } from '../values/float-histogram.js';
import { negativeBucket, positiveBucket } from './buckets.js';
import { CompensatedSum } from './compensated-sum.js';

/** What a wider zero bucket would hold. */
export interface WiderZeroBucket {
  /** No populated bucket lies across it: it may be wider than was asked for. */
  readonly threshold: number;
  readonly count: number;
  /** What the count lacks for rounding. */
  readonly compensation: number;
}

/** What rounding took from the counts of a histogram, place by place. */
export interface Compensations {
  readonly zero: number;
  readonly positive: readonly number[];
  readonly negative: readonly number[];
}

const NONE: Compensations = { zero: 0, positive: [], negative: [] };

interface Reach {
  readonly lower: number;
  readonly upper: number;
  readonly count: number;
}

/** Adds the buckets of one sign that begin below the threshold. @returns the threshold that would not cut one of them */
function addWithin(
  total: CompensatedSum,
  { index }: Buckets,
  bucket: (at: number) => Reach,
  compensations: readonly number[],
  threshold: number,
): number {
  for (let at = 0; at < index.length; at++) {
    const { lower, upper, count } = bucket(at);
    if (lower >= threshold) break;
    total.add(count);
    total.add(compensations[at] ?? 0);
    if (upper > threshold) return count === 0 ? threshold : upper;
  }
  return threshold;
}

/**
 * What the zero bucket holds when it is widened, up to the end of a populated bucket that the threshold would cut.
 * @param threshold not below the one it has
 */
export function widerZeroBucket(
  histogram: FloatHistogram,
  threshold: number,
  compensations: Compensations = NONE,
): WiderZeroBucket {
  const { zeroThreshold, zeroCount, positive, negative } = histogram;
  if (threshold === zeroThreshold) return { threshold, count: zeroCount, compensation: compensations.zero };
  const mirrored = (at: number): Reach => {
    const { lower, upper, count } = negativeBucket(histogram, at);
    return { lower: -upper, upper: -lower, count };
  };
  for (;;) {
    const total = new CompensatedSum(zeroCount, compensations.zero);
    const positiveEnd = addWithin(
      total,
      positive,
      (at) => positiveBucket(histogram, at),
      compensations.positive,
      threshold,
    );
    const end = addWithin(total, negative, mirrored, compensations.negative, positiveEnd);
    // Widened for a negative bucket it may cut a positive one.
    if (!(end > positiveEnd)) return { threshold: end, count: total.sum, compensation: total.compensation };
    threshold = end;
  }
}
