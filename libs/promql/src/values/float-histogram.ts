/** Says of a histogram how it relates to the one before it in its series. */
export type CounterResetHint = 'unknown' | 'reset' | 'not_reset' | 'gauge';

/** The schema of histograms whose bounds are given one by one (`customBounds`). */
export const CUSTOM_BUCKETS = -53;

/** Buckets of one sign: sorted by index, no index twice; counts may be 0. */
export interface Buckets {
  readonly index: readonly number[];
  readonly count: readonly number[];
}

/**
 * A native histogram, never changed. Schema n from -4 to 8 has buckets with bounds at the powers of 2^(2^-n): bucket i
 * holds values in (2^((i-1)·2^-n), 2^(i·2^-n)]. Ours are of schema 5. With CUSTOM_BUCKETS bucket i (from 0) is up to
 * `customBounds[i]`, the last one up to +Inf, and there is neither a zero bucket nor negative ones.
 * Source: Prometheus' specification of native histograms.
 */
export interface FloatHistogram {
  readonly counterReset: CounterResetHint;
  readonly schema: number;
  /** Values from -threshold to +threshold are in the zero bucket. */
  readonly zeroThreshold: number;
  readonly zeroCount: number;
  readonly count: number;
  readonly sum: number;
  readonly positive: Buckets;
  readonly negative: Buckets;
  readonly customBounds?: readonly number[];
}
