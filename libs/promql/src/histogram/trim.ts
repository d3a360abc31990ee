import type { Buckets, FloatHistogram } from '../values/float-histogram.js';
import { hasCustomBuckets } from './bucket-bounds.js';
import { negativeBucket, positiveBucket, zeroBucket, type HistogramBucket } from './buckets.js';
import { compactHistogram } from './compact.js';
import { fractionBelow } from './interpolation.js';

/** Which observations stay. */
export type TrimSide = 'below' | 'above';

/** How many of a bucket stay, and a value for all of them. */
interface Kept {
  readonly count: number;
  readonly middle: number;
}

interface Cut {
  readonly threshold: number;
  readonly side: TrimSide;
  readonly custom: boolean;
}

const NOTHING: Kept = { count: 0, middle: 0 };

/** A value for what is between two bounds: the mean in custom buckets, else the geometric one; the finite one of two. */
function middleOf(lower: number, upper: number, custom: boolean, sign: number): number {
  const open = !Number.isFinite(lower);
  if (open && !Number.isFinite(upper)) return 0;
  if (open) return upper > 0 ? upper / 2 : upper;
  if (!Number.isFinite(upper)) return lower;
  return custom ? (lower + upper) / 2 : sign * Math.sqrt(Math.abs(lower * upper));
}

/** Of a bucket that has no end no part can be told: all of it stays, or nothing, unless it may be taken to begin at 0. */
function keptOfEndless({ lower, upper, count }: HistogramBucket, { threshold, side }: Cut): Kept {
  if (lower !== -Infinity) return side === 'above' ? { count, middle: threshold } : NOTHING;
  const fromZero = upper > 0 && upper !== Infinity;
  if (side === 'above') {
    if (!fromZero || threshold < 0) return NOTHING;
    return { count: count * (1 - threshold / upper), middle: (threshold + upper) / 2 };
  }
  if (fromZero && threshold > 0) return { count: (count * threshold) / upper, middle: threshold / 2 };
  return upper <= 0 ? { count, middle: threshold } : NOTHING;
}

function keptOf(bucket: HistogramBucket, cut: Cut, sign: number): Kept {
  const { lower, upper, count } = bucket;
  const { threshold, side, custom } = cut;
  if (side === 'below' ? upper <= threshold : lower >= threshold) {
    return { count, middle: middleOf(lower, upper, custom, sign) };
  }
  if (!(side === 'below' ? lower < threshold : upper > threshold)) return NOTHING;
  if (lower === -Infinity || upper === Infinity) return keptOfEndless(bucket, cut);
  const under = count * fractionBelow(bucket, threshold, custom);
  return side === 'below'
    ? { count: under, middle: middleOf(lower, threshold, custom, sign) }
    : { count: count - under, middle: middleOf(threshold, upper, custom, sign) };
}

/** Evenly filled; without values of one sign, the half of that sign is empty. */
function keptOfZeroBucket(histogram: FloatHistogram, { threshold, side }: Cut, signs: ReadonlySet<number>): Kept {
  const bucket = zeroBucket(histogram);
  const lower = signs.has(1) && !signs.has(-1) ? 0 : bucket.lower;
  const upper = signs.has(-1) && !signs.has(1) ? 0 : bucket.upper;
  const whole: Kept = { count: bucket.count, middle: (lower + upper) / 2 };
  if (threshold <= lower) return side === 'below' ? NOTHING : whole;
  if (threshold >= upper) return side === 'below' ? whole : NOTHING;
  const below = (threshold - lower) / (upper - lower);
  const above = (upper - threshold) / (upper - lower);
  return side === 'below'
    ? { count: bucket.count * below, middle: (lower + threshold) / 2 }
    : { count: bucket.count * above, middle: (threshold + upper) / 2 };
}

/**
 * Only the observations below a threshold, or above it. A bucket that it cuts is interpolated as for quantiles; the sum is
 * estimated anew from the buckets' middles when anything was cut off. O(n) @returns itself when nothing was
 */
export function trimHistogram(histogram: FloatHistogram, threshold: number, side: TrimSide): FloatHistogram {
  const cut: Cut = { threshold, side, custom: hasCustomBuckets(histogram) };
  const signs = new Set<number>();
  let total = 0;
  let sum = 0;
  let trimmed = false;
  const keep = ({ count, middle }: Kept, before: number): number => {
    total += count;
    sum += middle * count;
    trimmed ||= count !== before;
    return count;
  };
  const kept = ({ index, count }: Buckets, bucket: (at: number) => HistogramBucket, sign: number): Buckets => ({
    index,
    count: count.map((counted, at) => {
      if (counted === 0) return 0;
      signs.add(sign);
      return keep(keptOf(bucket(at), cut, sign), counted);
    }),
  });
  const positive = kept(histogram.positive, (at) => positiveBucket(histogram, at), 1);
  const negative = kept(histogram.negative, (at) => negativeBucket(histogram, at), -1);
  const { zeroCount } = histogram;
  const inZero = zeroCount > 0 ? keep(keptOfZeroBucket(histogram, cut, signs), zeroCount) : zeroCount;
  if (!trimmed) return histogram;
  return compactHistogram({ ...histogram, count: total, sum, zeroCount: inZero, positive, negative });
}
