import type { Buckets, FloatHistogram } from '../values/float-histogram.js';
import { hasCustomBuckets } from './bucket-bounds.js';

/** The bucket of a coarser schema that holds a bucket of a finer one. */
export function coarserIndex(index: number, schema: number, coarser: number): number {
  return Math.floor((index - 1) / 2 ** (schema - coarser)) + 1;
}

/** Buckets of one sign in a coarser schema; they themselves when the schema stays. O(n) */
export function coarserBuckets(buckets: Buckets, schema: number, coarser: number): Buckets {
  if (schema === coarser) return buckets;
  const index: number[] = [];
  const count: number[] = [];
  for (const [at, fine] of buckets.index.entries()) {
    const coarse = coarserIndex(fine, schema, coarser);
    const counted = buckets.count[at] ?? 0;
    const last = index.length - 1;
    if (last >= 0 && index[last] === coarse) count[last] = (count[last] ?? 0) + counted;
    else {
      index.push(coarse);
      count.push(counted);
    }
  }
  return { index, count };
}

/**
 * A histogram of fewer, wider buckets; itself when its schema is as coarse already, and when its buckets are custom ones,
 * which have no coarser schema.
 */
export function reduceResolution(histogram: FloatHistogram, schema: number): FloatHistogram {
  if (hasCustomBuckets(histogram) || schema >= histogram.schema) return histogram;
  return {
    ...histogram,
    schema,
    positive: coarserBuckets(histogram.positive, histogram.schema, schema),
    negative: coarserBuckets(histogram.negative, histogram.schema, schema),
  };
}
