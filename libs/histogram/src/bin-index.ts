/** Bins per doubling: scale 5 of OpenTelemetry's exponential histogram. */
export const BINS_PER_DOUBLING = 32;

const MANTISSA_BITS = 52;
const SLOT_BITS = 7;

/**
 * The 32 lower boundaries inside one doubling, as the integer fraction bits of a double: `FRACTIONS[j]` is the largest
 * fraction whose value is at most 2^(j/32). For 0 < j < 32 that power is irrational, so "greater than the fraction" is
 * "greater than the boundary", without rounding. Found by exact integer powers; the last one stops every search.
 */
const FRACTIONS = boundaryFractions();

/**
 * How many boundaries lie below the start of each 128th of a doubling. A bin is at least 2.1 % wide and a slot at most
 * 0.8 %, so at most one boundary lies inside a slot, and one comparison settles the bin.
 */
const BELOW_SLOT = boundariesBelowSlots();

const float = new Float64Array(1);
const words = new Uint32Array(float.buffer);
const [LOW, HIGH] = littleEndian() ? [0, 1] : [1, 0];

/**
 * The bin of a positive finite number: the `i` with `value` in `(2^(i/32), 2^((i+1)/32)]`, exactly, subnormals included.
 * O(1), no logarithm: exponent and leading fraction bits find the bin, one comparison corrects it.
 */
export function binIndex(value: number): number {
  float[0] = value;
  const high = words[HIGH]!;
  const exponent = high >>> 20;
  // Subnormals have no leading one: scaled up by 2^64 they do, and 64 doublings come off again.
  if (exponent === 0) return binIndex(value * 2 ** 64) - 64 * BINS_PER_DOUBLING;
  const fraction = (high & 0xf_ffff) * 4_294_967_296 + words[LOW]!;
  let above = BELOW_SLOT[(high >>> (20 - SLOT_BITS)) & (2 ** SLOT_BITS - 1)]!;
  if (fraction > FRACTIONS[above]!) above++;
  return (exponent - 1023) * BINS_PER_DOUBLING + above - 1;
}

/** Upper bound of a bin, inclusive, as near as a double gets. */
export function binUpperBound(index: number): number {
  return 2 ** ((index + 1) / BINS_PER_DOUBLING);
}

function boundaryFractions(): Float64Array {
  const fractions = new Float64Array(BINS_PER_DOUBLING + 1);
  const one = 1n << BigInt(MANTISSA_BITS);
  for (let j = 0; j < BINS_PER_DOUBLING; j++) {
    // The largest integer m with (m / 2^52)^32 ≤ 2^j, started from the floating-point guess.
    const limit = 1n << BigInt(MANTISSA_BITS * BINS_PER_DOUBLING + j);
    let m = BigInt(Math.round(2 ** (j / BINS_PER_DOUBLING) * 2 ** MANTISSA_BITS));
    while (m ** 32n > limit) m--;
    while ((m + 1n) ** 32n <= limit) m++;
    fractions[j] = Number(m - one);
  }
  fractions[BINS_PER_DOUBLING] = Infinity;
  return fractions;
}

function boundariesBelowSlots(): Uint8Array {
  const below = new Uint8Array(2 ** SLOT_BITS);
  for (let slot = 0; slot < below.length; slot++) {
    const start = slot * 2 ** (MANTISSA_BITS - SLOT_BITS);
    while (FRACTIONS[below[slot]!]! < start) below[slot]!++;
  }
  return below;
}

function littleEndian(): boolean {
  return new Uint8Array(new Uint32Array([1]).buffer)[0] === 1;
}
