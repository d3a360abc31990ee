import type { Buckets, FloatHistogram } from '../values/float-histogram.js';
import { boundOf, exponentialBound, hasCustomBuckets } from './bucket-bounds.js';
import { sameIndex } from './bucket-index.js';
import { compactHistogram } from './compact.js';
import { addAt } from './compensated-sum.js';
import { combinedHint } from './counter-reset.js';
import { bucketAmong, sameBounds, sharedBounds } from './custom-bounds.js';
import { coarserBuckets } from './resolution.js';
import { widerZeroBucket } from './zero-bucket.js';

/** The sum or difference of two histograms. */
export interface HistogramMerge {
  readonly histogram: FloatHistogram;
  /** One says that it was reset, the other that it was not. */
  readonly counterResetCollision: boolean;
  /** Custom bounds differed: what is left are those that both have. */
  readonly boundsReconciled: boolean;
}

type Sign = 1 | -1;

/** Both lists in one; those of `b` up to the threshold are left out, as the zero bucket holds them. O(n + m) */
function mergedBuckets(a: Buckets, b: Buckets, sign: Sign, schema: number, threshold: number): Buckets {
  const [lowest = 0] = b.index;
  let within = threshold > 0 && exponentialBound(schema, lowest) <= threshold;
  if (!within && sameIndex(a.index, b.index)) {
    return { index: a.index, count: a.count.map((counted, at) => counted + sign * (b.count[at] ?? 0)) };
  }
  const index: number[] = [];
  const count: number[] = [];
  let at = 0;
  const takeBelow = (limit: number): void => {
    for (; at < a.index.length && (a.index[at] ?? 0) < limit; at++) {
      index.push(a.index[at] ?? 0);
      count.push(a.count[at] ?? 0);
    }
  };
  for (const [place, next] of b.index.entries()) {
    within &&= exponentialBound(schema, next) <= threshold;
    if (within) continue;
    takeBelow(next);
    const counted = sign * (b.count[place] ?? 0);
    if (a.index[at] === next) count.push((a.count[at++] ?? 0) + counted);
    else count.push(counted);
    index.push(next);
  }
  takeBelow(Infinity);
  return { index, count };
}

/** Its zero bucket as wide as the threshold, which cuts no populated bucket. */
function withZeroBucket(histogram: FloatHistogram, threshold: number, zeroCount: number): FloatHistogram {
  const { schema } = histogram;
  const outside = ({ index, count }: Buckets): Buckets => {
    const first = index.findIndex((bucket) => exponentialBound(schema, bucket - 1) >= threshold);
    return first < 0 ? { index: [], count: [] } : { index: index.slice(first), count: count.slice(first) };
  };
  const positive = outside(histogram.positive);
  const negative = outside(histogram.negative);
  return compactHistogram({ ...histogram, zeroThreshold: threshold, zeroCount, positive, negative });
}

/** Zero buckets wide enough for both. @returns the first with the wider one, and what that of the second holds then */
function reconcileZeroBuckets(
  a: FloatHistogram,
  b: FloatHistogram,
): { readonly widened: FloatHistogram; readonly otherZeroCount: number } {
  let widened = a;
  let other = { threshold: b.zeroThreshold, count: b.zeroCount };
  // Not `!==`, as NaN would never be reached.
  while (other.threshold < widened.zeroThreshold || other.threshold > widened.zeroThreshold) {
    if (widened.zeroThreshold > other.threshold) other = widerZeroBucket(b, widened.zeroThreshold);
    if (other.threshold > widened.zeroThreshold) {
      const wider = widerZeroBucket(widened, other.threshold);
      widened = withZeroBucket(widened, wider.threshold, wider.count);
    }
  }
  return { widened, otherZeroCount: other.count };
}

function mergedExponential(a: FloatHistogram, b: FloatHistogram, sign: Sign): FloatHistogram {
  const { widened, otherZeroCount } = reconcileZeroBuckets(a, b);
  const schema = Math.min(a.schema, b.schema);
  const merged = (left: Buckets, right: Buckets): Buckets =>
    mergedBuckets(
      coarserBuckets(left, a.schema, schema),
      coarserBuckets(right, b.schema, schema),
      sign,
      schema,
      widened.zeroThreshold,
    );
  return {
    ...widened,
    schema,
    zeroCount: widened.zeroCount + sign * otherZeroCount,
    positive: merged(widened.positive, b.positive),
    negative: merged(widened.negative, b.negative),
  };
}

/** In the bounds that both have; empty buckets are left out. */
function mergedAmongShared(a: FloatHistogram, b: FloatHistogram, sign: Sign): FloatHistogram {
  const customBounds = sharedBounds(a.customBounds, b.customBounds);
  const sums = Array.from({ length: customBounds.length + 1 }, () => 0);
  const compensations = sums.slice();
  for (const [histogram, factor] of [[a, 1] as const, [b, sign] as const]) {
    for (const [at, index] of histogram.positive.index.entries()) {
      const bound = boundOf(histogram, index);
      const target = bucketAmong(customBounds, bound === Infinity ? undefined : bound);
      addAt(sums, compensations, target, factor * (histogram.positive.count[at] ?? 0));
    }
  }
  const index = [...sums.keys()].filter((at) => sums[at] !== 0 || compensations[at] !== 0);
  return { ...a, customBounds, positive: { index, count: index.map((at) => sums[at] ?? 0) } };
}

function merge(a: FloatHistogram, b: FloatHistogram, sign: Sign): HistogramMerge | undefined {
  const custom = hasCustomBuckets(a);
  if (custom !== hasCustomBuckets(b)) return undefined;
  const { hint, collision } = combinedHint(a.counterReset, b.counterReset);
  const boundsReconciled = custom && !sameBounds(a.customBounds, b.customBounds);
  let merged: FloatHistogram;
  if (!custom) merged = mergedExponential(a, b, sign);
  else if (boundsReconciled) merged = mergedAmongShared(a, b, sign);
  else merged = { ...a, positive: mergedBuckets(a.positive, b.positive, sign, a.schema, 0) };
  const histogram = {
    ...merged,
    counterReset: hint,
    count: a.count + sign * b.count,
    sum: a.sum + sign * b.sum,
  };
  return { histogram, counterResetCollision: collision, boundsReconciled };
}

/**
 * All observations of both, in the coarser schema and the wider zero bucket of the two; buckets may be empty
 * (`compactHistogram`). O(n + m) @returns undefined when one has custom buckets and the other exponential ones
 */
export function addHistograms(a: FloatHistogram, b: FloatHistogram): HistogramMerge | undefined {
  return merge(a, b, 1);
}

/**
 * The observations of `a` without those of `b`, reconciled as a sum is. For the operator `-` the result is a gauge, which
 * is for the caller to say. @returns undefined when one has custom buckets and the other exponential ones
 */
export function subtractHistograms(a: FloatHistogram, b: FloatHistogram): HistogramMerge | undefined {
  return merge(a, b, -1);
}
