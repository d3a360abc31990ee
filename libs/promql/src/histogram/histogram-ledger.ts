import type { Buckets, CounterResetHint, FloatHistogram } from '../values/float-histogram.js';
import { boundOf, exponentialBound, hasCustomBuckets } from './bucket-bounds.js';
import {
  added,
  addedAlike,
  coarser,
  columnOf,
  copyOf,
  filled,
  firstOutside,
  from,
  type Column,
} from './compensated-column.js';
import { addAt, CompensatedSum } from './compensated-sum.js';
import { combinedHint } from './counter-reset.js';
import { bucketAmong, sameBounds, sharedBounds } from './custom-bounds.js';
import { widerZeroBucket } from './zero-bucket.js';

/** Anything beyond a limit, above or below 0. */
function exceeds(values: readonly number[], limit: number): boolean {
  for (const value of values) if (value > limit || value < -limit) return true;
  return false;
}

/** Any number of a histogram, custom bounds too. */
function anyExceeds(histogram: FloatHistogram, limit: number): boolean {
  const { zeroCount, count, sum, positive, negative, customBounds = [] } = histogram;
  return [[zeroCount, count, sum], positive.count, negative.count, customBounds].some((each) => exceeds(each, limit));
}

/** Below this even the sum of all buckets of two histograms is a number. */
const FAR_FROM_OVERFLOW = 1e300;

/**
 * A running sum of histograms that loses nothing to rounding: each count has a second number with what it lacks. It is
 * changed in place. Zero buckets, schemas and custom bounds are reconciled as those of the sum of two are.
 */
export class HistogramLedger {
  readonly #custom: boolean;
  #schema: number;
  #hint: CounterResetHint;
  #zeroThreshold: number;
  #zeroCount: CompensatedSum;
  #count: CompensatedSum;
  #sum: CompensatedSum;
  #positive: Column;
  #negative: Column;
  #customBounds: readonly number[] | undefined;

  constructor(first: FloatHistogram) {
    this.#custom = hasCustomBuckets(first);
    this.#schema = first.schema;
    this.#hint = first.counterReset;
    this.#zeroThreshold = first.zeroThreshold;
    this.#zeroCount = new CompensatedSum(first.zeroCount);
    this.#count = new CompensatedSum(first.count);
    this.#sum = new CompensatedSum(first.sum);
    this.#positive = columnOf(first.positive);
    this.#negative = columnOf(first.negative);
    this.#customBounds = first.customBounds;
  }

  copy(): HistogramLedger {
    const copy = new HistogramLedger(this.#stated());
    copy.#zeroCount = new CompensatedSum(this.#zeroCount.sum, this.#zeroCount.compensation);
    copy.#count = new CompensatedSum(this.#count.sum, this.#count.compensation);
    copy.#sum = new CompensatedSum(this.#sum.sum, this.#sum.compensation);
    copy.#positive = copyOf(this.#positive);
    copy.#negative = copyOf(this.#negative);
    return copy;
  }

  /** Whether both have custom buckets, or neither: others cannot be added. */
  takes(histogram: FloatHistogram): boolean {
    return hasCustomBuckets(histogram) === this.#custom;
  }

  /** @returns whether custom bounds differed, so that only those are left that both have */
  add(histogram: FloatHistogram): boolean {
    this.#hint = combinedHint(this.#hint, histogram.counterReset).hint;
    this.#count.add(histogram.count);
    this.#sum.add(histogram.sum);
    if (!this.#custom) {
      this.#addExponential(histogram);
      return false;
    }
    if (sameBounds(this.#customBounds, histogram.customBounds)) {
      this.#positive = addedAlike(this.#positive, histogram.positive, 0);
      return false;
    }
    this.#addAmongShared(histogram);
    return true;
  }

  multiply(factor: number): void {
    this.#each((value) => value * factor);
  }

  divide(divisor: number): void {
    this.#each((value) => value / divisor);
  }

  get hasOverflow(): boolean {
    return anyExceeds(this.#stated(), Number.MAX_VALUE);
  }

  /** Whether a sum with that may be more than a number holds. */
  mayOverflowWith(histogram: FloatHistogram): boolean {
    return anyExceeds(this.#stated(), FAR_FROM_OVERFLOW) || anyExceeds(histogram, FAR_FROM_OVERFLOW);
  }

  /** The sum, each number with what it lacked. */
  get total(): FloatHistogram {
    const whole = ({ index, count, lost }: Column): Buckets => ({
      index: [...index],
      count: count.map((counted, at) => counted + (lost[at] ?? 0)),
    });
    return {
      ...this.#stated(),
      zeroCount: this.#zeroCount.total,
      count: this.#count.total,
      sum: this.#sum.total,
      positive: whole(this.#positive),
      negative: whole(this.#negative),
    };
  }

  /** Without what the numbers lack. */
  #stated(): FloatHistogram {
    return {
      counterReset: this.#hint,
      schema: this.#schema,
      zeroThreshold: this.#zeroThreshold,
      zeroCount: this.#zeroCount.sum,
      count: this.#count.sum,
      sum: this.#sum.sum,
      positive: this.#positive,
      negative: this.#negative,
      ...(this.#customBounds === undefined ? {} : { customBounds: this.#customBounds }),
    };
  }

  #each(change: (value: number) => number): void {
    for (const sum of [this.#zeroCount, this.#count, this.#sum]) {
      sum.sum = change(sum.sum);
      sum.compensation = change(sum.compensation);
    }
    for (const column of [this.#positive, this.#negative]) {
      column.count = column.count.map(change);
      column.lost = column.lost.map(change);
    }
  }

  #addExponential(histogram: FloatHistogram): void {
    const other = this.#reconcileZeroBuckets(histogram);
    this.#zeroCount.add(other.count);
    this.#zeroCount.add(other.compensation);
    const schema = Math.min(this.#schema, histogram.schema);
    const sum = (column: Column, buckets: Buckets): Column => {
      const to = coarser(column, this.#schema, schema);
      const threshold = this.#zeroThreshold;
      if (histogram.schema === schema) return addedAlike(to, buckets, firstOutside(buckets, schema, threshold));
      const coarse = coarser(columnOf(buckets), histogram.schema, schema);
      return added(to, coarse, firstOutside(coarse, schema, threshold), coarse.lost);
    };
    this.#positive = sum(this.#positive, histogram.positive);
    this.#negative = sum(this.#negative, histogram.negative);
    this.#schema = schema;
  }

  /** Widens the zero bucket so that it is wide enough for both. @returns what the other's holds then */
  #reconcileZeroBuckets(histogram: FloatHistogram): { readonly count: number; readonly compensation: number } {
    let other = { threshold: histogram.zeroThreshold, count: histogram.zeroCount, compensation: 0 };
    // Not `!==`, as NaN would never be reached.
    while (other.threshold < this.#zeroThreshold || other.threshold > this.#zeroThreshold) {
      if (this.#zeroThreshold > other.threshold) other = widerZeroBucket(histogram, this.#zeroThreshold);
      if (other.threshold > this.#zeroThreshold) this.#widenZeroBucket(other.threshold);
    }
    return other;
  }

  #widenZeroBucket(threshold: number): void {
    const wider = widerZeroBucket(this.#stated(), threshold, {
      zero: this.#zeroCount.compensation,
      positive: this.#positive.lost,
      negative: this.#negative.lost,
    });
    const outside = (column: Column): Column => {
      const first = column.index.findIndex((index) => exponentialBound(this.#schema, index - 1) >= wider.threshold);
      return filled(from(column, first));
    };
    this.#zeroThreshold = wider.threshold;
    this.#zeroCount = new CompensatedSum(wider.count, wider.compensation);
    this.#positive = outside(this.#positive);
    this.#negative = outside(this.#negative);
  }

  #addAmongShared(histogram: FloatHistogram): void {
    const shared = sharedBounds(this.#customBounds, histogram.customBounds);
    const count = Array.from({ length: shared.length + 1 }, () => 0);
    const sum: Column = { index: [...count.keys()], count, lost: [...count] };
    const enter = (bounded: FloatHistogram, { index, count, lost }: Column): void => {
      for (const [at, bucket] of index.entries()) {
        const bound = boundOf(bounded, bucket);
        const target = bucketAmong(shared, bound === Infinity ? undefined : bound);
        addAt(sum.count, sum.lost, target, count[at] ?? 0);
        addAt(sum.count, sum.lost, target, lost[at] ?? 0);
      }
    };
    enter(this.#stated(), this.#positive);
    enter(histogram, columnOf(histogram.positive));
    this.#positive = filled(sum);
    this.#customBounds = shared;
  }
}
