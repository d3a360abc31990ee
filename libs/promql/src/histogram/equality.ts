import type { Buckets, FloatHistogram } from '../values/float-histogram.js';
import { hasCustomBuckets } from './bucket-bounds.js';
import { compactHistogram } from './compact.js';
import { sameBounds } from './custom-bounds.js';

type SameNumber = (a: number, b: number) => boolean;

const SMALLEST_NORMAL = 2 ** -1022;

/** Equal but for an error of `tolerance` relative to both; NaN equals NaN. */
export function nearlyEqual(a: number, b: number, tolerance = 1e-6): boolean {
  if (a === b || (Number.isNaN(a) && Number.isNaN(b))) return true;
  const size = Math.abs(a) + Math.abs(b);
  const difference = Math.abs(a - b);
  if (a === 0 || b === 0 || size < SMALLEST_NORMAL) return difference < tolerance * SMALLEST_NORMAL;
  return difference / Math.min(size, Number.MAX_VALUE) < tolerance;
}

function sameBuckets(a: Buckets, b: Buckets, same: SameNumber): boolean {
  return (
    a.index.length === b.index.length &&
    a.index.every((index, at) => index === b.index[at] && same(a.count[at] ?? 0, b.count[at] ?? 0))
  );
}

function sameHistograms(a: FloatHistogram, b: FloatHistogram, same: SameNumber): boolean {
  return (
    a.schema === b.schema &&
    same(a.count, b.count) &&
    same(a.sum, b.sum) &&
    (!hasCustomBuckets(a) || sameBounds(a.customBounds, b.customBounds)) &&
    a.zeroThreshold === b.zeroThreshold &&
    same(a.zeroCount, b.zeroCount) &&
    sameBuckets(a.negative, b.negative, same) &&
    sameBuckets(a.positive, b.positive, same)
  );
}

/** The same data: the same buckets, empty ones too, and the same numbers (0 is not -0, NaN is NaN). Hints do not count. */
export function equalHistograms(a: FloatHistogram, b: FloatHistogram): boolean {
  return sameHistograms(a, b, Object.is);
}

/** The same but for rounding, and for buckets that are empty. */
export function nearlyEqualHistograms(a: FloatHistogram, b: FloatHistogram, tolerance = 1e-6): boolean {
  return sameHistograms(compactHistogram(a), compactHistogram(b), (one, other) => nearlyEqual(one, other, tolerance));
}
