import { detectReset } from '../../histogram/counter-reset.js';
import type { WindowedSeries } from '../windowed-series.js';

/** The places of floats that are below the one before them: there a counter began anew. O(n) */
export function floatResets({ floats }: WindowedSeries): readonly number[] {
  const places: number[] = [];
  for (let at = 1; at < floats.length; at++) if ((floats[at] as number) < (floats[at - 1] as number)) places.push(at);
  return places;
}

/** Whether a histogram was reset since the one before it; each is compared once, when it is first asked for. */
export function histogramResets({ histograms }: WindowedSeries): (at: number) => boolean {
  const known = new Uint8Array(histograms.length);
  return (at) => {
    if (known[at] === 0) {
      const [before, after] = [histograms[at - 1], histograms[at]];
      known[at] = before !== undefined && after !== undefined && detectReset(after, before) ? 2 : 1;
    }
    return known[at] === 2;
  };
}

/** Above this not every whole number is a double. */
const EXACT = 2 ** 53;

/**
 * Sums of the floats before each place, when these are exact: then the difference of two is the sum of what is between
 * them, to the digit, however it is added up. Undefined unless all are whole and their sizes add up to less than 2^53. O(n)
 */
export function exactSums({ floats }: WindowedSeries): Float64Array | undefined {
  let size = 0;
  for (let at = 0; at < floats.length; at++) {
    const value = floats[at] as number;
    size += Math.abs(value);
    if (!Number.isInteger(value) || Object.is(value, -0) || size >= EXACT) return undefined;
  }
  const sums = new Float64Array(floats.length + 1);
  for (let at = 0; at < floats.length; at++) sums[at + 1] = (sums[at] as number) + (floats[at] as number);
  return sums;
}

/** How many of the places before each one are so. O(n) */
export function countsBefore(length: number, isSo: (at: number) => boolean): Uint32Array {
  const counts = new Uint32Array(length + 1);
  for (let at = 0; at < length; at++) counts[at + 1] = (counts[at] as number) + (isSo(at) ? 1 : 0);
  return counts;
}
