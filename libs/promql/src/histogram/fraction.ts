import type { FloatHistogram } from '../values/float-histogram.js';
import { hasCustomBuckets } from './bucket-bounds.js';
import { bucketAt, bucketsIn, countAt } from './buckets.js';
import { fractionBelow } from './interpolation.js';
import { narrowedZeroBucket } from './quantile.js';

/** A part of all observations, and whether some of those were NaN, which no bounds contain. */
export interface HistogramFraction {
  readonly fraction: number;
  readonly hasNaN: boolean;
}

/** How many observations are below a value; undefined when all buckets are. */
function rankOf(histogram: FloatHistogram, value: number): number | undefined {
  const custom = hasCustomBuckets(histogram);
  let rank = 0;
  for (let place = 0; place < bucketsIn(histogram); place++) {
    let bucket = bucketAt(histogram, place);
    const aroundZero = bucket.lower <= 0 && bucket.upper >= 0;
    if (aroundZero) bucket = narrowedZeroBucket(histogram, bucket);
    if (bucket.lower >= value) return rank;
    if (bucket.upper > value) {
      // All of a bucket that has no lower end, as its part cannot be told.
      if ((custom || aroundZero) && bucket.lower === -Infinity) return bucket.count;
      return rank + bucket.count * fractionBelow(bucket, value, custom || aroundZero);
    }
    rank += bucket.count;
  }
  return undefined;
}

function allCounts(histogram: FloatHistogram): number {
  let counted = 0;
  for (let place = 0; place < bucketsIn(histogram); place++) counted += countAt(histogram, place);
  return counted;
}

/**
 * The part of the observations that is from `lower` to `upper`, interpolated as quantiles are. O(n)
 * @returns NaN without observations or when a bound is NaN; 0 when `lower` is not below `upper`
 */
export function histogramFraction(lower: number, upper: number, histogram: FloatHistogram): HistogramFraction {
  if (histogram.count === 0 || Number.isNaN(lower) || Number.isNaN(upper)) return { fraction: NaN, hasNaN: false };
  if (lower >= upper) return { fraction: 0, hasNaN: false };
  const mayHaveNaN = Number.isNaN(histogram.sum);
  const counted = mayHaveNaN ? allCounts(histogram) : histogram.count;
  const lowerRank = Math.min(rankOf(histogram, lower) ?? counted, counted);
  const upperRank = Math.min(rankOf(histogram, upper) ?? counted, counted);
  return { fraction: (upperRank - lowerRank) / histogram.count, hasNaN: mayHaveNaN && counted < histogram.count };
}
