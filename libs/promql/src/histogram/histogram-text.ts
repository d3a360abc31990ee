import type { FloatHistogram } from '../values/float-histogram.js';
import { hasCustomBuckets } from './bucket-bounds.js';
import { negativeBucket, positiveBucket, zeroBucket, type HistogramBucket } from './buckets.js';

/** A number as Go's `%g` prints it: the shortest digits, with an exponent below 1e-4 and from 1e6 on. */
export function shortNumber(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (value === Infinity) return '+Inf';
  if (value === -Infinity) return '-Inf';
  if (value === 0) return Object.is(value, -0) ? '-0' : '0';
  const [digits = '', exponent = '0'] = value.toExponential().split('e');
  const power = Number(exponent);
  if (power >= -4 && power < 6)
    return power < 0 ? value.toFixed(Math.min(100, digitsBehind(digits) - power)) : `${value}`;
  return `${digits}e${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(2, '0')}`;
}

function digitsBehind(digits: string): number {
  const point = digits.indexOf('.');
  return point < 0 ? 0 : digits.length - point - 1;
}

function bucketText({ lower, upper, lowerInclusive, upperInclusive, count }: HistogramBucket): string {
  const open = lowerInclusive ? '[' : '(';
  const close = upperInclusive ? ']' : ')';
  return `${open}${shortNumber(lower)},${shortNumber(upper)}${close}:${shortNumber(count)}`;
}

/** As Prometheus prints it: `{count:3, sum:5, [-0.001,0.001]:1, (1,2]:2}`; buckets that are empty are left out. */
export function histogramText(histogram: FloatHistogram): string {
  const { count, sum, positive, negative, zeroCount } = histogram;
  const below = [...negative.index.keys()].reverse().map((at) => negativeBucket(histogram, at));
  const above = [...positive.index.keys()].map((at) => positiveBucket(histogram, at));
  const zero = zeroCount !== 0 && !hasCustomBuckets(histogram) ? [zeroBucket(histogram)] : [];
  const filled = [...below, ...zero, ...above].filter((bucket) => bucket.count !== 0);
  return `{${[`count:${shortNumber(count)}`, `sum:${shortNumber(sum)}`, ...filled.map(bucketText)].join(', ')}}`;
}
