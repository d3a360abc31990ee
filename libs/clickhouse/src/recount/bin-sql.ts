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

/** Where each further bin of a doubling begins, as a fraction: one above the bound, since bins are closed at their upper end. */
const STARTS = [0n, ...BOUNDS.map((bound) => bound + 1n)];

/**
 * The bin of a positive number as SQL: bin i holds (2^(i/32), 2^((i+1)/32)]. The exponent says which doubling, the last
 * start up to the fraction which bin of it. Two functions with constant lists: a sum of 32 comparisons says the same and
 * costs the engine more to parse and plan, several times a statement, than to run. NULL stays NULL.
 */
export function binSql(expression: string): string {
  const bits = `reinterpretAsUInt64(toFloat64(${expression}))`;
  const fraction = `bitAnd(${bits}, ${(1n << FRACTION_BITS) - 1n})`;
  const begins = `roundDown(${fraction}, [${STARTS.join(', ')}])`;
  const below = `transform(${begins}, [${STARTS.join(', ')}], [${STARTS.map((_, bin) => bin).join(', ')}], 0)`;
  return `toInt16(toInt32(bitShiftRight(${bits}, ${FRACTION_BITS})) * ${BINS_PER_DOUBLING} + ${below} - ${1023 * BINS_PER_DOUBLING + 1})`;
}
