import { CUSTOM_BUCKETS, type FloatHistogram } from '../values/float-histogram.js';

export const SMALLEST_SCHEMA = -4;
export const LARGEST_SCHEMA = 8;

/** Whether its bounds are given one by one. */
export function hasCustomBuckets(histogram: FloatHistogram): boolean {
  return histogram.schema === CUSTOM_BUCKETS;
}

/** Prometheus has it rounded down, and its bounds are ours to the last digit. */
const ROOT_OF_TWO = 1.414213562373095;

/** 2^(k/256) for each k under 256: products of 2^(1/2), 2^(1/4) … as Prometheus' table of bounds has them. */
function powersOfFinestSchema(): Float64Array {
  const size = 1 << LARGEST_SCHEMA;
  const powers = new Float64Array(size).fill(1);
  let exact = Math.SQRT2;
  for (let step = size / 2; step >= 1; step /= 2) {
    const root = step === size / 2 ? ROOT_OF_TWO : exact;
    for (let k = step; k < size; k += step * 2) {
      for (let within = k; within < k + step; within++) powers[within] = (powers[within] ?? 1) * root;
    }
    exact = Math.sqrt(exact);
  }
  return powers;
}

let powers: Float64Array | undefined;

/**
 * The upper bound of a bucket of schema n from -4 to 8: 2^(index·2^-n). The last bucket of finite
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
