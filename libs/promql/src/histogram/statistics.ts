import type { FloatHistogram } from '../values/float-histogram.js';
import { hasCustomBuckets } from './bucket-bounds.js';
import { bucketsOf, type HistogramBucket } from './buckets.js';
import { CompensatedSum } from './compensated-sum.js';

/** The mean of all observations; NaN without any. */
export function histogramAverage({ sum, count }: FloatHistogram): number {
  return sum / count;
}

/** A value for all in a bucket: 0 in the zero bucket, the mean of the bounds in others (geometric in exponential ones). */
function middleOf({ lower, upper }: HistogramBucket, custom: boolean): number {
  if (custom) return (upper + lower) / 2;
  if (lower <= 0 && upper >= 0) return 0;
  const middle = Math.sqrt(upper * lower);
  return upper < 0 ? -middle : middle;
}

/** An estimate of the variance of the observations, as if each were in the middle of its bucket; NaN without any. O(n) */
export function histogramStdVar(histogram: FloatHistogram): number {
  const mean = histogramAverage(histogram);
  const custom = hasCustomBuckets(histogram);
  const squares = new CompensatedSum();
  for (const bucket of bucketsOf(histogram)) {
    if (bucket.count === 0) continue;
    const difference = middleOf(bucket, custom) - mean;
    squares.add(bucket.count * difference * difference);
  }
  return squares.total / histogram.count;
}
