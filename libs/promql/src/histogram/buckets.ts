import type { FloatHistogram } from '../values/float-histogram.js';
import { boundOf, hasCustomBuckets } from './bucket-bounds.js';

/** How many observations were from `lower` to `upper`. */
export interface HistogramBucket {
  readonly lower: number;
  readonly upper: number;
  readonly lowerInclusive: boolean;
  readonly upperInclusive: boolean;
  readonly count: number;
}

/** The bucket at a place of `positive`, as its schema bounds it. */
export function positiveBucket(histogram: FloatHistogram, at: number): HistogramBucket {
  const index = histogram.positive.index[at] ?? 0;
  const custom = hasCustomBuckets(histogram);
  const lower = boundOf(histogram, index - 1);
  const upper = boundOf(histogram, index);
  const count = histogram.positive.count[at] ?? 0;
  if (custom) return { lower, upper, lowerInclusive: index === 0, upperInclusive: true, count };
  return { lower, upper, lowerInclusive: lower < 0, upperInclusive: upper > 0, count };
}

/** The bucket at a place of `negative`, as its schema bounds it. */
export function negativeBucket(histogram: FloatHistogram, at: number): HistogramBucket {
  const index = histogram.negative.index[at] ?? 0;
  const lower = -boundOf(histogram, index);
  const upper = -boundOf(histogram, index - 1);
  const count = histogram.negative.count[at] ?? 0;
  return { lower, upper, lowerInclusive: lower < 0, upperInclusive: upper > 0, count };
}

export function zeroBucket(histogram: FloatHistogram): HistogramBucket {
  const { zeroThreshold, zeroCount } = histogram;
  return {
    lower: -zeroThreshold,
    upper: zeroThreshold,
    lowerInclusive: true,
    upperInclusive: true,
    count: zeroCount,
  };
}

/** How many buckets there are in all; the zero bucket is one when something is in it. */
export function bucketsIn({ negative, positive, zeroCount }: FloatHistogram): number {
  return negative.index.length + (zeroCount > 0 ? 1 : 0) + positive.index.length;
}

/** The count of the bucket at a place among all, from the lowest values to the highest. */
export function countAt({ negative, positive, zeroCount }: FloatHistogram, place: number): number {
  const below = negative.index.length;
  if (place < below) return negative.count[below - 1 - place] ?? 0;
  if (zeroCount > 0 && place === below) return zeroCount;
  return positive.count[place - below - (zeroCount > 0 ? 1 : 0)] ?? 0;
}

/** The bucket at a place among all; one that reaches into the zero bucket ends where that begins. */
export function bucketAt(histogram: FloatHistogram, place: number): HistogramBucket {
  const { negative, zeroThreshold, zeroCount } = histogram;
  const below = negative.index.length;
  if (place < below) {
    const bucket = negativeBucket(histogram, below - 1 - place);
    const reaches = bucket.upper < 0 && bucket.upper > -zeroThreshold;
    return reaches ? { ...bucket, upper: -zeroThreshold } : bucket;
  }
  if (zeroCount > 0 && place === below) return zeroBucket(histogram);
  const bucket = positiveBucket(histogram, place - below - (zeroCount > 0 ? 1 : 0));
  const reaches = bucket.lower > 0 && bucket.lower < zeroThreshold;
  return reaches ? { ...bucket, lower: zeroThreshold } : bucket;
}

/**
 * All buckets from the lowest values to the highest, empty ones too (the zero bucket only when something is in it), as
 * Prometheus' HTTP API lists them.
 */
export function bucketsOf(histogram: FloatHistogram): readonly HistogramBucket[] {
  return Array.from({ length: bucketsIn(histogram) }, (_, place) => bucketAt(histogram, place));
}
