import { HistogramMean, HistogramSum } from '../../histogram/histogram-sum.js';
import type { FloatHistogram } from '../../values/float-histogram.js';
import type { RangeCall } from './range-function.js';
import type { Window } from './window.js';

function addAll(totals: HistogramSum | HistogramMean, window: Window, { notices, span }: RangeCall): boolean {
  for (let at = window.histogramFrom + 1; at < window.histogramTo; at++)
    if (!totals.add(window.histogram(at))) {
      notices.mixedSchemas(span, window.series.labels.metricName);
      return false;
    }
  if (totals.counterResetCollision) notices.counterResetCollision(span, 'aggregation');
  if (totals.boundsReconciled) notices.boundsReconciled(span, 'aggregation');
  return true;
}

/** Of the histograms of a window, at least one; undefined when they cannot be added up. */
export function sumOfHistograms(window: Window, call: RangeCall): FloatHistogram | undefined {
  const sum = new HistogramSum(window.histogram(window.histogramFrom));
  return addAll(sum, window, call) ? sum.total : undefined;
}

/** Of the histograms of a window, at least one; undefined when they cannot be added up. */
export function meanOfHistograms(window: Window, call: RangeCall): FloatHistogram | undefined {
  const mean = new HistogramMean(window.histogram(window.histogramFrom));
  return addAll(mean, window, call) ? mean.mean : undefined;
}
