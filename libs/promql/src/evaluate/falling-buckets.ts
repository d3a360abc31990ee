import { shortNumber } from '../histogram/histogram-text.js';
import type { MonotonicityRepair } from '../histogram/classic-buckets.js';
import type { Span } from '../syntax/ast.js';
import type { Annotation } from '../values/annotations.js';

/** A repair of a histogram at a time, ms since 1970. */
export interface MonotonicityFall extends MonotonicityRepair {
  readonly time: number;
}

/** With two significant digits, as Go's `%.2g` has it. */
function twoDigits(value: number): string {
  const rounded = Number(value.toPrecision(2));
  const magnitude = rounded === 0 ? 0 : Math.floor(Math.log10(Math.abs(rounded)));
  if (magnitude >= -4 && magnitude < 2) return String(rounded);
  return rounded.toExponential().replace(/e([+-])(\d)$/, 'e$10$2');
}

function wholeSecond(time: number): string {
  return new Date(Math.floor(time / 1000) * 1000).toISOString().replace('.000Z', 'Z');
}

/** All the times that counts of classic histograms fell in one argument of a query, in one info. */
export class FallingBuckets {
  #samples = 1;
  #lowest: number;
  #highest: number;
  #fall: number;
  #first: number;
  #last: number;

  constructor(
    private readonly span: Span,
    private readonly forMetric: string,
    { lowestBound, highestBound, largestFall, time }: MonotonicityFall,
  ) {
    this.#lowest = lowestBound;
    this.#highest = highestBound;
    this.#fall = largestFall;
    this.#first = time;
    this.#last = time;
  }

  add({ lowestBound, highestBound, largestFall, time }: MonotonicityFall): void {
    this.#samples++;
    this.#lowest = Math.min(this.#lowest, lowestBound);
    this.#highest = Math.max(this.#highest, highestBound);
    this.#fall = Math.max(this.#fall, largestFall);
    this.#first = Math.min(this.#first, time);
    this.#last = Math.max(this.#last, time);
  }

  get annotation(): Annotation {
    const what =
      'input to histogram_quantile needed to be fixed for monotonicity ' +
      '(see https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile)';
    const buckets = `from buckets ${shortNumber(this.#lowest)} to ${shortNumber(this.#highest)}`;
    const samples = `over ${this.#samples} samples from ${wholeSecond(this.#first)} to ${wholeSecond(this.#last)}`;
    const message = `PromQL info: ${what}${this.forMetric}, ${buckets}, with a max diff of ${twoDigits(this.#fall)}, ${samples}`;
    return { level: 'info', message, span: this.span };
  }
}
