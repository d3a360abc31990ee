import type { Span } from '../syntax/ast.js';
import { quote } from '../syntax/quoted-text.js';
import { Annotations, type Annotation } from '../values/annotations.js';
import { FallingBuckets, type MonotonicityFall } from './falling-buckets.js';
import { shortNumber } from '../histogram/histogram-text.js';

/** What histograms were put together for. */
export type HistogramOperation = 'addition' | 'subtraction' | 'aggregation';

const forMetric = (name: string): string => (name === '' ? '' : ` for metric name ${quote(name)}`);

/** What a query has to say beside its result: one method for each, worded as Prometheus does. */
export class Notices {
  readonly #annotations = new Annotations();
  readonly #falling = new Map<string, FallingBuckets>();

  get all(): readonly Annotation[] {
    return [...this.#annotations.all, ...[...this.#falling.values()].map((falling) => falling.annotation)];
  }

  #warn(span: Span, text: string): void {
    this.#annotations.add({ level: 'warning', message: `PromQL warning: ${text}`, span });
  }

  #inform(span: Span, text: string): void {
    this.#annotations.add({ level: 'info', message: `PromQL info: ${text}`, span });
  }

  /** Taken over from an operator that says only the last one. */
  add(annotation: Annotation): void {
    this.#annotations.add(annotation);
  }

  invalidQuantile(span: Span, quantile: number): void {
    this.#warn(span, `quantile value should be between 0 and 1, got ${shortNumber(quantile)}`);
  }

  badBucketLabel(span: Span, metric: string, bound: string): void {
    const of = `bucket label "le" is missing or has a malformed value of ${quote(bound)}`;
    this.#warn(span, `${of}${forMetric(metric)}`);
  }

  mixedSamples(span: Span, metric: string): void {
    this.#warn(span, `encountered a mix of histograms and floats for metric name ${quote(metric)}`);
  }

  mixedAggregation(span: Span): void {
    this.#warn(span, 'encountered a mix of histograms and floats for aggregation');
  }

  mixedClassicAndNative(span: Span, metric: string): void {
    this.#warn(span, `vector contains a mix of classic and native histograms${forMetric(metric)}`);
  }

  notCounter(span: Span, metric: string): void {
    this.#warn(span, `this native histogram metric is not a counter: ${quote(metric)}`);
  }

  notGauge(span: Span, metric: string): void {
    this.#warn(span, `this native histogram metric is not a gauge: ${quote(metric)}`);
  }

  mixedSchemas(span: Span, metric: string): void {
    const mix = 'vector contains a mix of histograms with exponential and custom buckets schemas for metric name';
    this.#warn(span, `${mix} ${quote(metric)}`);
  }

  sortInRange(span: Span): void {
    this.#warn(span, 'sort is ineffective for range queries since results are always ordered by labels');
  }

  counterResetCollision(span: Span, operation: HistogramOperation): void {
    this.#annotations.add(counterResetCollision(span, operation));
  }

  boundsReconciled(span: Span, operation: HistogramOperation): void {
    this.#annotations.add(boundsReconciled(span, operation));
  }

  possiblyNoCounter(span: Span, metric: string): void {
    const text = 'metric might not be a counter, name does not end in _total/_sum/_count/_bucket:';
    this.#inform(span, `${text} ${quote(metric)}`);
  }

  ignoredInAggregation(span: Span, aggregation: string): void {
    this.#inform(span, `ignored histogram in ${aggregation} aggregation`);
  }

  ignoredInRange(span: Span, metric: string): void {
    const text = 'ignored histograms in a range containing both floats and histograms for metric name';
    this.#inform(span, `${text} ${quote(metric)}`);
  }

  quantileIsNaN(span: Span, metric: string): void {
    this.#inform(span, `input to histogram_quantile has NaN observations, result is NaN${forMetric(metric)}`);
  }

  quantileIsSkewed(span: Span, metric: string): void {
    this.#inform(span, `input to histogram_quantile has NaN observations, result is skewed higher${forMetric(metric)}`);
  }

  fractionWithoutNaN(span: Span, metric: string): void {
    const text = 'input to histogram_fraction has NaN observations, which are excluded from all fractions';
    this.#inform(span, `${text}${forMetric(metric)}`);
  }

  /** Counts of a classic histogram fell from one bucket to the next; all of a place and metric are told of as one. */
  fallingBuckets(span: Span, metric: string, fall: MonotonicityFall): void {
    const key = `${span.from} ${span.to} ${metric}`;
    const known = this.#falling.get(key);
    if (known !== undefined) known.add(fall);
    else this.#falling.set(key, new FallingBuckets(span, forMetric(metric), fall));
  }
}

export function counterResetCollision(span: Span, operation: HistogramOperation): Annotation {
  const message = `PromQL warning: conflicting counter resets during histogram ${operation}`;
  return { level: 'warning', message, span };
}

export function boundsReconciled(span: Span, operation: HistogramOperation): Annotation {
  const message = `PromQL info: mismatched custom buckets were reconciled during ${operation}`;
  return { level: 'info', message, span };
}

type SampleType = 'float' | 'histogram';

export function incompatibleTypes(span: Span, left: SampleType, operator: string, right: SampleType): Annotation {
  const text = `incompatible sample types encountered for binary operator ${quote(operator)}`;
  return { level: 'info', message: `PromQL info: ${text}: ${left} ${operator} ${right}`, span };
}

export function incompatibleLayout(span: Span, operator: string): Annotation {
  const message = `PromQL warning: incompatible bucket layout encountered for binary operator ${operator}`;
  return { level: 'warning', message, span };
}
