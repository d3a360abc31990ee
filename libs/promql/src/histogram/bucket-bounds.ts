import { CUSTOM_BUCKETS, type FloatHistogram } from '../values/float-histogram.js';

export const SMALLEST_SCHEMA = -4;
export const LARGEST_SCHEMA = 8;

/** Whether its bounds are given one by one. */
export function hasCustomBuckets(histogram: FloatHistogram): boolean {
  return histogram.schema === CUSTOM_BUCKETS;
}

const PRECISION = 128n;

/** The whole part of the square root. Newton's method from above. */
function squareRoot(value: bigint): bigint {
  let root = 1n << BigInt((value.toString(2).length + 1) >> 1);
  for (;;) {
    const next = (root + value / root) >> 1n;
    if (next >= root) return root;
    root = next;
  }
}

/**
 * 2^(k/256) for each k under 256, each the nearest double: with whole numbers, as `Math.pow` may be off by the last digit,
 * and whether a bucket ends at the zero bucket's threshold is a question of equality.
 */
function powersOfFinestSchema(): Float64Array {
  const one = 1n << PRECISION;
  const size = 1 << LARGEST_SCHEMA;
  const exact: bigint[] = [one];
  let root = one << 1n;
  for (let step = size / 2; step >= 1; step /= 2) {
    root = squareRoot(root << PRECISION);
    for (let k = step; k < size; k += step * 2) {
      exact[k] = ((exact[k - step] ?? one) * root) >> PRECISION;
    }
  }
  return Float64Array.from(exact, (value) => Number(value) / Number(one));
}

let powers: Float64Array | undefined;

/**
 * The upper bound of a bucket of schema n from -4 to 8: 2^(index·2^-n), the nearest double. The last bucket of finite
 * numbers ends at the largest of them, as the one after it holds the infinite.
 */
export function exponentialBound(schema: number, index: number): number {
  if (schema < 0) {
    const exponent = index * 2 ** -schema;
    return exponent === 1024 ? Number.MAX_VALUE : 2 ** exponent;
  }
  const perOctave = 2 ** schema;
  const exponent = Math.floor(index / perOctave);
  const within = index - exponent * perOctave;
  if (within === 0) return exponent === 1024 ? Number.MAX_VALUE : 2 ** exponent;
  powers ??= powersOfFinestSchema();
  const fraction = powers[within << (LARGEST_SCHEMA - schema)] ?? 1;
  // In two steps, for the exponents that are a double only together with the fraction.
  return exponent < -1022 ? fraction * 2 ** (exponent + 52) * 2 ** -52 : fraction * 2 ** exponent;
}

/** The upper bound of bucket `index`; below the first of custom bounds -Inf, above the last +Inf. */
export function boundOf(histogram: FloatHistogram, index: number): number {
  if (!hasCustomBuckets(histogram)) return exponentialBound(histogram.schema, index);
  if (index < 0) return -Infinity;
  return histogram.customBounds?.[index] ?? Infinity;
}
