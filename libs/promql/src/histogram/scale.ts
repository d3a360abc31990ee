import type { Buckets, FloatHistogram } from '../values/float-histogram.js';

function scaled(histogram: FloatHistogram, scale: (value: number) => number, negative: boolean): FloatHistogram {
  const buckets = ({ index, count }: Buckets): Buckets => ({ index, count: count.map(scale) });
  return {
    ...histogram,
    counterReset: negative ? 'gauge' : histogram.counterReset,
    zeroCount: scale(histogram.zeroCount),
    count: scale(histogram.count),
    sum: scale(histogram.sum),
    positive: buckets(histogram.positive),
    negative: buckets(histogram.negative),
  };
}

/** Each count, and the sum, so many times. Below 0 a gauge comes of it. */
export function scaleHistogram(histogram: FloatHistogram, factor: number): FloatHistogram {
  return scaled(histogram, (value) => value * factor, factor < 0);
}

/** Each count, and the sum, divided; by 0 there are no buckets left, and the counts are infinite, or NaN. */
export function divideHistogram(histogram: FloatHistogram, divisor: number): FloatHistogram {
  const divided = scaled(histogram, (value) => value / divisor, divisor < 0);
  if (divisor !== 0) return divided;
  const none: Buckets = { index: [], count: [] };
  return { ...divided, positive: none, negative: none };
}
