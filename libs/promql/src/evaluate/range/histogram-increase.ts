import { hasCustomBuckets } from '../../histogram/bucket-bounds.js';
import { compactHistogram } from '../../histogram/compact.js';
import { addHistograms, subtractHistograms } from '../../histogram/merge.js';
import { reduceResolution } from '../../histogram/resolution.js';
import type { FloatHistogram } from '../../values/float-histogram.js';
import { histogramResets } from './per-series.js';
import type { RangeCall } from './range-function.js';
import type { Window } from './window.js';

/** Of the same buckets as another, and empty. */
function emptyLike({ schema, customBounds }: FloatHistogram): FloatHistogram {
  const none = { index: [], count: [] };
  const empty = { schema, zeroThreshold: 0, zeroCount: 0, count: 0, sum: 0, positive: none, negative: none };
  return customBounds === undefined
    ? { counterReset: 'unknown', ...empty }
    : { counterReset: 'unknown', ...empty, customBounds };
}

/**
 * What native histograms rose from the first of a window to the last, at least two, in the coarsest schema of all. The first
 * one does not matter when there was a reset after it.
 * @returns undefined when some have custom buckets and others have not
 */
export function histogramIncrease(
  series: Window['series'],
  { notices, span }: RangeCall,
  isCounter: boolean,
): (window: Window) => FloatHistogram | undefined {
  const metric = series.labels.metricName;
  const isReset = histogramResets(series);
  const isGauge = ({ counterReset }: FloatHistogram): boolean => counterReset === 'gauge';

  /** The coarsest schema; undefined when they do not go together. */
  const commonSchema = (window: Window, base: FloatHistogram, last: FloatHistogram): number | undefined => {
    if (hasCustomBuckets(last) !== hasCustomBuckets(base)) return undefined;
    let schema = Math.min(last.schema, base.schema);
    if (!isCounter) return schema;
    for (let at = window.histogramFrom + 1; at < window.histogramTo - 1; at++) {
      const between = window.histogram(at);
      if (isGauge(between)) notices.notCounter(span, metric);
      schema = Math.min(schema, between.schema);
      if (hasCustomBuckets(between) !== hasCustomBuckets(base)) return undefined;
    }
    return schema;
  };

  const addResets = (increase: FloatHistogram, window: Window): FloatHistogram | undefined => {
    let total: FloatHistogram | undefined = increase;
    // A reset right after the first one has been dealt with: it counts from nothing there.
    for (let at = window.histogramFrom + 2; at < window.histogramTo && total !== undefined; at++) {
      if (!isReset(at)) continue;
      const sum = addHistograms(total, window.histogram(at - 1));
      if (sum?.boundsReconciled === true) notices.boundsReconciled(span, 'addition');
      total = sum?.histogram;
    }
    return total;
  };

  return (window) => {
    const first = window.histogram(window.histogramFrom);
    const second = window.histogram(window.histogramFrom + 1);
    const last = window.histogram(window.histogramTo - 1);
    if (isCounter && (isGauge(first) || isGauge(last))) notices.notCounter(span, metric);
    const base = isCounter && isReset(window.histogramFrom + 1) ? emptyLike(second) : first;
    const schema = commonSchema(window, base, last);
    const difference = schema === undefined ? undefined : subtractHistograms(reduceResolution(last, schema), base);
    if (difference?.boundsReconciled === true) notices.boundsReconciled(span, 'subtraction');
    let increase = difference?.histogram;
    if (increase !== undefined && isCounter) increase = addResets(increase, window);
    if (increase === undefined) {
      notices.mixedSchemas(span, metric);
      return undefined;
    }
    if (!isCounter && !(isGauge(first) && isGauge(last))) notices.notGauge(span, metric);
    return compactHistogram({ ...increase, counterReset: 'gauge' });
  };
}
