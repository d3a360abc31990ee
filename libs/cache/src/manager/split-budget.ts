/** What one of those says who share a budget. Bytes. */
export interface Claim {
  /** How much of what is left over it gets, beside the others. 0: its least only. */
  readonly weight: number;
  readonly minBytes: number;
  /** `Infinity` for no bound. At least `minBytes`. */
  readonly maxBytes: number;
}

/**
 * Splits a budget by weight, within each claim's bounds: there is one level so that each gets its weight times it, or the
 * bound that is nearest to that. Where even the least is more than there is, all get the same share of their least. Whole
 * bytes, their sum never above the budget; a greater budget takes from nobody. O(n log n).
 */
export function splitBudget(budget: number, claims: readonly Claim[]): number[] {
  const least = sum(claims.map(({ minBytes }) => minBytes));
  if (least >= budget) return claims.map(({ minBytes }) => Math.floor(least === 0 ? 0 : minBytes * (budget / least)));
  const level = levelOf(budget, claims);
  return claims.map((claim) => Math.floor(at(claim, level)));
}

/** The greatest level at which the shares fit into the budget; their sum is linear between the levels where a bound is met. */
function levelOf(budget: number, claims: readonly Claim[]): number {
  const levels = claims
    .filter(({ weight }) => weight > 0)
    .flatMap(({ weight, minBytes, maxBytes }) => [minBytes / weight, maxBytes / weight])
    .filter((level) => Number.isFinite(level))
    .sort((a, b) => a - b);
  const sharedAt = (level: number) => sum(claims.map((claim) => at(claim, level)));
  let low = 0;
  let high = levels.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sharedAt(levels[middle]!) <= budget) low = middle + 1;
    else high = middle;
  }
  const from = low === 0 ? 0 : levels[low - 1]!;
  // Between this level and the next one these grow, and nothing else.
  const to = levels[low] ?? Number.POSITIVE_INFINITY;
  // Divided as above: multiplied, a level that is a claim's least could come out just below it.
  const growing = claims.filter(
    ({ weight, minBytes, maxBytes }) => weight > 0 && minBytes / weight <= from && maxBytes / weight > from,
  );
  const slope = sum(growing.map(({ weight }) => weight));
  if (slope === 0) return from;
  return Math.min(to, from + (budget - sharedAt(from)) / slope);
}

function at({ weight, minBytes, maxBytes }: Claim, level: number): number {
  return Math.min(maxBytes, Math.max(minBytes, weight === 0 ? 0 : weight * level));
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}
