import type { Buckets, CounterResetHint, FloatHistogram } from '../values/float-histogram.js';
import { boundOf, exponentialBound, hasCustomBuckets } from './bucket-bounds.js';
import { bucketAmong, sameBounds, sharedBounds } from './custom-bounds.js';
import { coarserBuckets } from './resolution.js';
import { widerZeroBucket } from './zero-bucket.js';

/** What can be said of a sum or difference of two. They collide when one says it was reset, and the other that not. */
export function combinedHint(
  a: CounterResetHint,
  b: CounterResetHint,
): { readonly hint: CounterResetHint; readonly collision: boolean } {
  if (a === b) return { hint: a, collision: false };
  if (a === 'gauge' || b === 'gauge') return { hint: 'gauge', collision: false };
  return { hint: 'unknown', collision: a !== 'unknown' && b !== 'unknown' };
}

/** Whether a bucket that was populated is gone or holds less. */
function someBucketFell(current: Buckets, previous: Buckets): boolean {
  let at = 0;
  for (const [before, index] of previous.index.entries()) {
    const counted = previous.count[before] ?? 0;
    while (at < current.index.length && (current.index[at] ?? 0) < index) at++;
    if (current.index[at] === index) {
      if ((current.count[at] ?? 0) < counted) return true;
    } else if (counted !== 0) return true;
  }
  return false;
}

function above(buckets: Buckets, schema: number, threshold: number): Buckets {
  const first = buckets.index.findIndex((index) => exponentialBound(schema, index) > threshold);
  if (first === 0) return buckets;
  if (first < 0) return { index: [], count: [] };
  return { index: buckets.index.slice(first), count: buckets.count.slice(first) };
}

function countsAmong(histogram: FloatHistogram, shared: readonly number[]): number[] {
  const counts = Array.from({ length: shared.length + 1 }, () => 0);
  for (const [at, index] of histogram.positive.index.entries()) {
    const bound = boundOf(histogram, index);
    const target = bucketAmong(shared, bound === Infinity ? undefined : bound);
    counts[target] = (counts[target] ?? 0) + (histogram.positive.count[at] ?? 0);
  }
  return counts;
}

function customReset(current: FloatHistogram, previous: FloatHistogram): boolean {
  if (sameBounds(current.customBounds, previous.customBounds)) {
    return someBucketFell(current.positive, previous.positive);
  }
  const shared = sharedBounds(current.customBounds, previous.customBounds);
  const before = countsAmong(previous, shared);
  return countsAmong(current, shared).some((count, at) => count < (before[at] ?? 0));
}

/**
 * Whether a counter began anew between two histograms of a series: its hint says so, or something was counted that is no
 * longer. Finer buckets, or a narrower zero bucket, come only with a reset, too.
 */
export function detectReset(current: FloatHistogram, previous: FloatHistogram): boolean {
  if (current.counterReset === 'reset') return true;
  if (current.counterReset === 'not_reset') return false;
  if (current.count < previous.count) return true;
  if (hasCustomBuckets(current) !== hasCustomBuckets(previous)) return true;
  if (hasCustomBuckets(current)) return customReset(current, previous);
  if (current.schema > previous.schema || current.zeroThreshold < previous.zeroThreshold) return true;
  const widened = widerZeroBucket(previous, current.zeroThreshold);
  if (widened.threshold !== current.zeroThreshold || current.zeroCount < widened.count) return true;
  const fell = (now: Buckets, before: Buckets): boolean => {
    const coarse = coarserBuckets(before, previous.schema, current.schema);
    return someBucketFell(
      above(now, current.schema, current.zeroThreshold),
      above(coarse, current.schema, current.zeroThreshold),
    );
  };
  return fell(current.positive, previous.positive) || fell(current.negative, previous.negative);
}
