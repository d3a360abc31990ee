import type { FloatHistogram } from '../../values/float-histogram.js';
import { compensatedSum } from './floats.js';
import { sumOfHistograms } from './histogram-totals.js';
import { exactSums } from './per-series.js';
import type { RangeCall } from './range-function.js';
import type { Window } from './window.js';

/** The sum of the samples in windows of a series; undefined for one without samples, or with floats and histograms. */
export function deltaSum(
  series: Window['series'],
  call: RangeCall,
): (window: Window) => number | FloatHistogram | undefined {
  const exact = exactSums(series);
  return (window) => {
    if (window.hasBoth) {
      call.notices.mixedSamples(call.span, series.labels.metricName);
      return undefined;
    }
    if (window.histogramCount > 0) return sumOfHistograms(window, call);
    const { floatFrom: from, floatTo: to } = window;
    if (from === to) return undefined;
    if (exact !== undefined) return (exact[to] as number) - (exact[from] as number);
    return compensatedSum(series.floats, from, to);
  };
}
