import { CompensatedSum } from '../../histogram/compensated-sum.js';

/** Of the places from `from` up to, and without, `to`; what rounding takes away is kept and added at the end. */
export function compensatedSum(values: Float64Array, from: number, to: number): number {
  let sum = 0;
  let lost = 0;
  for (let at = from; at < to; at++) {
    const value = values[at] as number;
    const total = sum + value;
    if (total === Infinity || total === -Infinity) lost = 0;
    else if (Math.abs(sum) >= Math.abs(value)) lost += sum - total + value;
    else lost += value - total + sum;
    sum = total;
  }
  return sum === Infinity || sum === -Infinity ? sum : sum + lost;
}

/**
 * The mean of the places from `from` up to, and without, `to`, of which there is at least one. Where the sum is more than a
 * double holds, it goes on as a mean that each next value shifts.
 */
export function compensatedMean(values: Float64Array, from: number, to: number): number {
  let sum = values[from] as number;
  let lost = 0;
  for (let at = from + 1; at < to; at++) {
    const value = values[at] as number;
    const total = sum + value;
    if (total === Infinity || total === -Infinity) return shiftedMean(values, from, at, to, sum, lost);
    if (Math.abs(sum) >= Math.abs(value)) lost += sum - total + value;
    else lost += value - total + sum;
    sum = total;
  }
  return sum / (to - from) + lost / (to - from);
}

/** @param at the place at which the sum of those before it, `sum`, would become too large */
function shiftedMean(values: Float64Array, from: number, at: number, to: number, sum: number, lost: number): number {
  const mean = new CompensatedSum(sum / (at - from), lost / (at - from));
  for (let next = at; next < to; next++) {
    const count = next - from + 1;
    mean.multiply((count - 1) / count);
    mean.add((values[next] as number) / count);
  }
  return mean.total;
}

/** The variance of the places from `from` up to, and without, `to`, of which there is at least one. */
export function variance(values: Float64Array, from: number, to: number): number {
  const mean = new CompensatedSum();
  const squares = new CompensatedSum();
  for (let at = from; at < to; at++) {
    const value = values[at] as number;
    const deviation = value - mean.total;
    mean.add(deviation / (at - from + 1));
    squares.add(deviation * (value - mean.total));
  }
  return squares.total / (to - from);
}

/**
 * The value that the part `q` is at or below, interpolated between two; NaN is below all others. It sorts the values in
 * place. O(n log n) @returns NaN without values or when `q` is NaN; -Inf below 0, +Inf above 1
 */
export function quantileOf(q: number, values: Float64Array): number {
  if (values.length === 0 || Number.isNaN(q)) return NaN;
  if (q < 0) return -Infinity;
  if (q > 1) return Infinity;
  values.sort();
  // Typed arrays sort NaN behind all others.
  let numbers = values.length;
  while (numbers > 0 && Number.isNaN(values[numbers - 1])) numbers--;
  const nans = values.length - numbers;
  const at = (rank: number): number => (rank < nans ? NaN : (values[rank - nans] as number));
  const rank = q * (values.length - 1);
  const lower = Math.floor(rank);
  const weight = rank - lower;
  return at(lower) * (1 - weight) + at(Math.min(values.length - 1, lower + 1)) * weight;
}
