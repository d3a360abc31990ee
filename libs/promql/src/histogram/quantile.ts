import type { FloatHistogram } from '../values/float-histogram.js';
import { hasCustomBuckets } from './bucket-bounds.js';
import { bucketAt, bucketsIn, countAt, type HistogramBucket } from './buckets.js';
import { valueAtFraction } from './interpolation.js';

/** A quantile, and what observations of NaN did to it: it is NaN for them, or too high as they count as the highest. */
export interface HistogramQuantile {
  readonly quantile: number;
  readonly notice?: 'NaN result' | 'NaN skew';
}

/** Of a histogram with values of one sign only, the zero bucket has none of the other sign. */
export function narrowedZeroBucket(histogram: FloatHistogram, bucket: HistogramBucket): HistogramBucket {
  const negatives = histogram.negative.index.length > 0;
  const positives = histogram.positive.index.length > 0;
  if (positives && !negatives) return { ...bucket, lower: 0 };
  if (negatives && !positives) return { ...bucket, upper: 0 };
  return bucket;
}

/** Counts buckets up from the lowest, or down from the highest, until the rank is reached. */
function seek(histogram: FloatHistogram, rank: number, upwards: boolean): { place: number; counted: number } {
  const buckets = bucketsIn(histogram);
  let place = upwards ? 0 : buckets - 1;
  let counted = 0;
  for (let step = 0; step < buckets; step++) {
    const at = upwards ? step : buckets - 1 - step;
    const count = countAt(histogram, at);
    place = at;
    if (count === 0) continue;
    counted += count;
    if (counted >= rank) break;
  }
  return { place, counted };
}

function restAbove(histogram: FloatHistogram, place: number): number {
  let rest = 0;
  for (let at = place + 1; at < bucketsIn(histogram); at++) rest += countAt(histogram, at);
  return rest;
}

const NO_BUCKET: HistogramBucket = { lower: 0, upper: 0, lowerInclusive: false, upperInclusive: false, count: 0 };

/**
 * The value that the part `q` of the observations is at or below. Interpolated in its bucket: linearly in custom buckets
 * and in the zero bucket, else on a logarithmic scale. O(n)
 * @returns NaN without observations or when `q` is NaN; -Inf below 0, +Inf above 1
 */
export function histogramQuantile(q: number, histogram: FloatHistogram): HistogramQuantile {
  if (q < 0) return { quantile: -Infinity };
  if (q > 1) return { quantile: Infinity };
  if (histogram.count === 0 || Number.isNaN(q)) return { quantile: NaN };
  const custom = hasCustomBuckets(histogram);
  const hasNaN = Number.isNaN(histogram.sum);
  // From the nearer end; observations of NaN are in no bucket, so that then only the lower end is certain.
  const upwards = hasNaN || q < 0.5;
  let rank = (upwards ? q : 1 - q) * histogram.count;
  const { place, counted } = seek(histogram, rank, upwards);
  let bucket = bucketsIn(histogram) === 0 ? NO_BUCKET : bucketAt(histogram, place);
  if (custom) {
    if (bucket.lower === -Infinity) {
      if (bucket.upper <= 0) return { quantile: bucket.upper };
      bucket = { ...bucket, lower: 0 };
    } else if (bucket.upper === Infinity) return { quantile: bucket.lower };
  } else if (bucket.lower < 0 && bucket.upper > 0) bucket = narrowedZeroBucket(histogram, bucket);
  // Rounding may have counted more than there are.
  const count = Math.min(counted, histogram.count);
  if (count < rank) return hasNaN ? { quantile: NaN, notice: 'NaN result' } : { quantile: bucket.upper };
  rank = upwards ? rank - (count - bucket.count) : count - rank;
  const linear = custom || (bucket.lower <= 0 && bucket.upper >= 0);
  const quantile = valueAtFraction(bucket, rank / bucket.count, linear);
  const skewed = hasNaN && count + restAbove(histogram, place) < histogram.count;
  return skewed ? { quantile, notice: 'NaN skew' } : { quantile };
}
