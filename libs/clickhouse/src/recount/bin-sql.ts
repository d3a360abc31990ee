import { BINS_PER_DOUBLING, binUpperBound } from '#libs/histogram';

/** The fraction of a double has 52 bits. */
const FRACTION_BITS = 52n;

/**
 * Per bin of a doubling the largest fraction of a double that is at most 2^(j/32), in exact integers, as libs/histogram
 * has it: SQL and JavaScript put every value into the same bin. A logarithm would not, next to the bounds.
 */
const BOUNDS = Array.from({ length: BINS_PER_DOUBLING }, (_, j) => {
  const limit = 1n << (FRACTION_BITS * BigInt(BINS_PER_DOUBLING) + BigInt(j));
  let m = BigInt(Math.round(binUpperBound(j - 1) * 2 ** Number(FRACTION_BITS)));
  while (m ** 32n > limit) m--;
  while ((m + 1n) ** 32n <= limit) m++;
  return m - (1n << FRACTION_BITS);
});

/**
 * The bin of a positive number as SQL: bin i holds (2^(i/32), 2^((i+1)/32)]. The exponent says which doubling, the number
 * of bounds below the fraction which bin of it: 32 comparisons, which the engine vectorises. NULL stays NULL.
 */
export function binSql(expression: string): string {
  const bits = `reinterpretAsUInt64(toFloat64(${expression}))`;
  const fraction = `bitAnd(${bits}, ${(1n << FRACTION_BITS) - 1n})`;
  const below = BOUNDS.map((bound) => `(${fraction} > ${bound})`).join(' + ');
  return `toInt16(toInt32(bitShiftRight(${bits}, ${FRACTION_BITS})) * ${BINS_PER_DOUBLING} + (${below}) - ${1023 * BINS_PER_DOUBLING + 1})`;
}
