import type { Buckets, FloatHistogram } from '../values/float-histogram.js';

/** Those with something in them; they themselves when all have. */
export function filledBuckets(buckets: Buckets): Buckets {
  if (!buckets.count.includes(0)) return buckets;
  return {
    index: buckets.index.filter((_, at) => buckets.count[at] !== 0),
    count: buckets.count.filter((count) => count !== 0),
  };
}

/** Without the buckets that are empty; itself when none is. */
export function compactHistogram(histogram: FloatHistogram): FloatHistogram {
  const positive = filledBuckets(histogram.positive);
  const negative = filledBuckets(histogram.negative);
  if (positive === histogram.positive && negative === histogram.negative) return histogram;
  return { ...histogram, positive, negative };
}
