import type { FloatHistogram } from '../values/float-histogram.js';
import { HistogramLedger } from './histogram-ledger.js';

/** What there is to say of the histograms that were added up. */
class Findings {
  #reset = false;
  #notReset = false;
  boundsReconciled = false;

  note({ counterReset }: FloatHistogram): void {
    this.#reset ||= counterReset === 'reset';
    this.#notReset ||= counterReset === 'not_reset';
  }

  get counterResetCollision(): boolean {
    return this.#reset && this.#notReset;
  }
}

/** Adds up many histograms, as `sum` and `sum_over_time` do. */
export class HistogramSum {
  readonly #findings = new Findings();
  readonly #ledger: HistogramLedger;

  constructor(first: FloatHistogram) {
    this.#findings.note(first);
    this.#ledger = new HistogramLedger(first);
  }

  /** O(n + m) @returns false when one has custom buckets and the others have not: it is not added */
  add(histogram: FloatHistogram): boolean {
    this.#findings.note(histogram);
    if (!this.#ledger.takes(histogram)) return false;
    if (this.#ledger.add(histogram)) this.#findings.boundsReconciled = true;
    return true;
  }

  /** Some said that they were reset, others that they were not. */
  get counterResetCollision(): boolean {
    return this.#findings.counterResetCollision;
  }

  /** Custom bounds differed: what is left are those that all have. */
  get boundsReconciled(): boolean {
    return this.#findings.boundsReconciled;
  }

  /** Buckets may be empty (`compactHistogram`). */
  get total(): FloatHistogram {
    return this.#ledger.total;
  }
}

/**
 * The mean of many histograms, as `avg` and `avg_over_time` take it: their sum divided by how many they are, and from where
 * the sum is more than a double holds on, a mean that each next one shifts.
 */
export class HistogramMean {
  readonly #findings = new Findings();
  #ledger: HistogramLedger;
  #histograms = 1;
  #incremental = false;

  constructor(first: FloatHistogram) {
    this.#findings.note(first);
    this.#ledger = new HistogramLedger(first);
  }

  /** O(n + m) @returns false when one has custom buckets and the others have not: it is not added */
  add(histogram: FloatHistogram): boolean {
    this.#findings.note(histogram);
    if (!this.#ledger.takes(histogram)) return false;
    this.#histograms++;
    if (!this.#incremental && !this.#ledger.mayOverflowWith(histogram)) {
      if (this.#ledger.add(histogram)) this.#findings.boundsReconciled = true;
      return true;
    }
    if (!this.#incremental) {
      const sum = this.#ledger.copy();
      if (sum.add(histogram)) this.#findings.boundsReconciled = true;
      if (!sum.hasOverflow) {
        this.#ledger = sum;
        return true;
      }
      this.#incremental = true;
      this.#ledger.divide(this.#histograms - 1);
    }
    this.#ledger.multiply((this.#histograms - 1) / this.#histograms);
    const share = new HistogramLedger(histogram);
    share.divide(this.#histograms);
    if (this.#ledger.add(share.total)) this.#findings.boundsReconciled = true;
    return true;
  }

  /** Some said that they were reset, others that they were not. */
  get counterResetCollision(): boolean {
    return this.#findings.counterResetCollision;
  }

  /** Custom bounds differed: what is left are those that all have. */
  get boundsReconciled(): boolean {
    return this.#findings.boundsReconciled;
  }

  /** Buckets may be empty (`compactHistogram`). */
  get mean(): FloatHistogram {
    if (this.#incremental) return this.#ledger.total;
    const mean = this.#ledger.copy();
    mean.divide(this.#histograms);
    return mean.total;
  }
}
