import type { HistogramBucket } from './buckets.js';

/**
 * The part of a bucket that is at or below a value in it; both bounds are finite. Custom buckets and the zero bucket are
 * evenly filled (linear); an exponential one as its finer buckets would be, on a logarithmic scale.
 */
export function fractionBelow({ lower, upper }: HistogramBucket, value: number, linear: boolean): number {
  if (linear) return (value - lower) / (upper - lower);
  const logLower = Math.log2(Math.abs(lower));
  const logUpper = Math.log2(Math.abs(upper));
  const log = Math.log2(Math.abs(value));
  return value > 0 ? (log - logLower) / (logUpper - logLower) : 1 - (log - logUpper) / (logLower - logUpper);
}

/** The inverse of `fractionBelow`: the value that so much of the bucket is below. */
export function valueAtFraction({ lower, upper }: HistogramBucket, fraction: number, linear: boolean): number {
  if (linear) return lower + (upper - lower) * fraction;
  const logLower = Math.log2(Math.abs(lower));
  const logUpper = Math.log2(Math.abs(upper));
  if (lower > 0) return 2 ** (logLower + (logUpper - logLower) * fraction);
  return -(2 ** (logUpper + (logLower - logUpper) * (1 - fraction)));
}
