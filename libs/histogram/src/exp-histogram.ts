import type { HistogramData } from '#libs/contracts';
import { BINS_PER_DOUBLING, binIndex } from './bin-index.js';

/** The range of bins that contracts allow, and how many of them fit one event. A spec holds these to the contract. */
const MIN_BIN = -32_768;
const MAX_BINS = 4_096;
const SCALE = 5;

/** Bins first made room for: 2^0 to 2^8, somewhere among which most values lie. It grows by doubling, both ways. */
const FIRST_CAPACITY = 256;

/**
 * A base-2 exponential histogram of scale 5: bin `i` counts values in `(2^(i/32), 2^((i+1)/32)]`, exactly at the
 * boundaries, and quantiles are within 1.1 % of the truth. Histograms merge by adding bins, without loss.
 *
 * `record` is O(1) and allocates only when the range of values widens; `reset` keeps the room, so a histogram that is
 * used window after window stops allocating. Sums are exact while they are integers below 2^53 (nanoseconds: 104 days).
 */
export class ExpHistogram {
  #bins = new Float64Array(FIRST_CAPACITY);
  /** Bin that slot 0 stands for; settled by the first value. */
  #origin = 0;
  /** Slots in use, inclusive; low > high when there are none. */
  #low = 1;
  #high = 0;
  #count = 0;
  #zero = 0;
  #sum = 0;
  #min = Infinity;
  #max = -Infinity;
  #invalid = 0;

  /** Records one value, at least 0. Negative, infinite and NaN values change nothing but `invalid`. */
  record(value: number): void {
    if (!(value >= 0 && value < Infinity)) {
      this.#invalid++;
      return;
    }
    this.#count++;
    this.#sum += value;
    if (value < this.#min) this.#min = value;
    if (value > this.#max) this.#max = value;
    const bin = value === 0 ? -Infinity : binIndex(value);
    if (bin < MIN_BIN) this.#zero++;
    else this.#add(bin, 1);
  }

  /** Adds all that another histogram holds. O(bins). */
  merge(other: ExpHistogram): void {
    for (let slot = other.#low; slot <= other.#high; slot++) {
      const count = other.#bins[slot]!;
      if (count > 0) this.#add(other.#origin + slot, count);
    }
    this.#count += other.#count;
    this.#zero += other.#zero;
    this.#sum += other.#sum;
    this.#invalid += other.#invalid;
    this.#min = Math.min(this.#min, other.#min);
    this.#max = Math.max(this.#max, other.#max);
  }

  /**
   * The value at or below which the share `q` of all values lies (0 the smallest, 1 the largest), within 1.1 %;
   * NaN when there are none. O(bins).
   */
  quantile(q: number): number {
    if (this.#count === 0) return NaN;
    if (q >= 1) return this.#max;
    const rank = Math.max(1, Math.ceil(Math.max(0, q) * this.#count));
    if (rank <= this.#zero) return Math.max(0, this.#min);
    let seen = this.#zero;
    for (let slot = this.#low; slot <= this.#high; slot++) {
      seen += this.#bins[slot]!;
      if (seen < rank) continue;
      // The middle of the bin by ratio is at most 2^(1/64) − 1 = 1.09 % away from anything in it.
      const middle = 2 ** ((this.#origin + slot + 0.5) / BINS_PER_DOUBLING);
      return Math.min(this.#max, Math.max(this.#min, middle));
    }
    return this.#max;
  }

  /** Empties the histogram and keeps its room. O(bins in use). */
  reset(): void {
    if (this.#low <= this.#high) this.#bins.fill(0, this.#low, this.#high + 1);
    this.#low = 1;
    this.#high = 0;
    this.#count = this.#zero = this.#sum = this.#invalid = 0;
    this.#min = Infinity;
    this.#max = -Infinity;
  }

  get count(): number {
    return this.#count;
  }

  get sum(): number {
    return this.#sum;
  }

  /** Values that were zero, or below the smallest bin. */
  get zero(): number {
    return this.#zero;
  }

  /** Smallest value; Infinity when there are none. */
  get min(): number {
    return this.#min;
  }

  /** Largest value; −Infinity when there are none. */
  get max(): number {
    return this.#max;
  }

  /** Values refused since the last reset. */
  get invalid(): number {
    return this.#invalid;
  }

  /**
   * The histogram as it travels. An event holds 4,096 bins, 128 doublings; of a wider histogram, which no unit of ours
   * makes, the lowest bins go to the zero bucket.
   */
  toData(): HistogramData {
    const bins: number[] = [];
    let zero = this.#zero;
    for (let slot = this.#high; slot >= this.#low; slot--) {
      const count = this.#bins[slot]!;
      if (count === 0) continue;
      if (bins.length < MAX_BINS * 2) bins.push(count, this.#origin + slot);
      else zero += count;
    }
    bins.reverse();
    return {
      scale: SCALE,
      count: this.#count,
      sum: this.#sum,
      ...(zero > 0 && { zero }),
      ...(this.#count > 0 && { min: this.#min, max: this.#max }),
      bins,
    };
  }

  /**
   * A histogram from its travelling form, which must be sound (`histogramProblem` of contracts says whether it is).
   * Without `min` and `max` the outermost bins' bounds stand in for them.
   */
  static fromData(data: HistogramData): ExpHistogram {
    const histogram = new ExpHistogram();
    const { bins } = data;
    for (let i = 0; i + 1 < bins.length; i += 2) histogram.#add(bins[i]!, bins[i + 1]!);
    histogram.#count = data.count;
    histogram.#zero = data.zero ?? 0;
    histogram.#sum = data.sum;
    if (data.count === 0) return histogram;
    const lowest = histogram.#zero > 0 || bins.length === 0 ? 0 : 2 ** (bins[0]! / BINS_PER_DOUBLING);
    const highest = bins.length === 0 ? 0 : 2 ** ((bins.at(-2)! + 1) / BINS_PER_DOUBLING);
    histogram.#min = data.min ?? lowest;
    histogram.#max = data.max ?? Math.min(highest, Number.MAX_VALUE);
    return histogram;
  }

  #add(bin: number, count: number): void {
    let slot = bin - this.#origin;
    if (this.#low > this.#high) {
      // The room is empty: put the first value into its middle.
      this.#origin = bin - (this.#bins.length >> 1);
      slot = bin - this.#origin;
      this.#low = this.#high = slot;
    } else if (slot < this.#low || slot > this.#high) {
      if (slot < 0 || slot >= this.#bins.length) slot = this.#makeRoom(bin);
      if (slot < this.#low) this.#low = slot;
      if (slot > this.#high) this.#high = slot;
    }
    this.#bins[slot]! += count;
  }

  /** Makes the room at least twice as large, with what it holds and `bin` in the middle. Returns the slot of `bin`. */
  #makeRoom(bin: number): number {
    const low = Math.min(bin, this.#origin + this.#low);
    const high = Math.max(bin, this.#origin + this.#high);
    const used = high - low + 1;
    let capacity = this.#bins.length;
    while (capacity < used * 2) capacity *= 2;
    const origin = low - ((capacity - used) >> 1);
    const bins = new Float64Array(capacity);
    bins.set(this.#bins.subarray(this.#low, this.#high + 1), this.#origin + this.#low - origin);
    this.#low += this.#origin - origin;
    this.#high += this.#origin - origin;
    this.#bins = bins;
    this.#origin = origin;
    return bin - origin;
  }
}
