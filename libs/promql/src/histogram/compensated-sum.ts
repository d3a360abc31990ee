/** Beyond what a double holds: the compensation of such a sum means nothing. */
function overflows(sum: number): boolean {
  return sum === Infinity || sum === -Infinity;
}

/**
 * Adds to one element of an array of sums, and to its compensation: what rounding took away from it.
 * Source: Neumaier's form of Kahan's summation, as Prometheus has it.
 */
export function addAt(sums: number[], compensations: number[], at: number, value: number): void {
  const sum = sums[at] ?? 0;
  const total = sum + value;
  sums[at] = total;
  if (overflows(total)) compensations[at] = 0;
  else {
    const lost = Math.abs(sum) >= Math.abs(value) ? sum - total + value : value - total + sum;
    compensations[at] = (compensations[at] ?? 0) + lost;
  }
}

/** Adds to each element of an array of sums the one at the same place, as `addAt` does. */
export function addEach(sums: number[], compensations: number[], values: readonly number[]): void {
  for (let at = 0; at < values.length; at++) {
    const value = values[at] ?? 0;
    if (value !== 0) addAt(sums, compensations, at, value);
  }
}

/** A sum of many numbers that does not lose the small ones beside the large ones. */
export class CompensatedSum {
  constructor(
    public sum = 0,
    /** What `sum` lacks for rounding; 0 when `sum` is infinite. */
    public compensation = 0,
  ) {}

  add(value: number): void {
    const total = this.sum + value;
    if (overflows(total)) this.compensation = 0;
    else if (Math.abs(this.sum) >= Math.abs(value)) this.compensation += this.sum - total + value;
    else this.compensation += value - total + this.sum;
    this.sum = total;
  }

  multiply(factor: number): void {
    this.sum *= factor;
    this.compensation *= factor;
  }

  divide(divisor: number): void {
    this.sum /= divisor;
    this.compensation /= divisor;
  }

  get total(): number {
    return this.sum + this.compensation;
  }
}
