import { compensatedMean, compensatedSum, quantileOf, variance } from './floats.js';
import { meanOfHistograms, sumOfHistograms } from './histogram-totals.js';
import { exactSums } from './per-series.js';
import type { RangeCall, RangeFunction, WindowResult } from './range-function.js';
import { SlidingExtreme } from './sliding-extreme.js';
import type { Window } from './window.js';

/** Sums up floats, or histograms; a window with both comes to nothing. */
function total(
  ofFloats: (sums: Float64Array | undefined, floats: Float64Array, from: number, to: number) => number,
  ofHistograms: (window: Window, call: RangeCall) => WindowResult,
): RangeFunction {
  return (series, call) => {
    const { floats } = series;
    const sums = exactSums(series);
    return (window) => {
      if (window.hasBoth) {
        call.notices.mixedSamples(call.span, series.labels.metricName);
        return undefined;
      }
      if (window.histogramCount > 0) return ofHistograms(window, call);
      return ofFloats(sums, floats, window.floatFrom, window.floatTo);
    };
  };
}

export const sumOverTime = total((sums, floats, from, to) => {
  if (sums !== undefined) return (sums[to] as number) - (sums[from] as number);
  return compensatedSum(floats, from, to);
}, sumOfHistograms);

export const avgOverTime = total((sums, floats, from, to) => {
  if (sums !== undefined) return ((sums[to] as number) - (sums[from] as number)) / (to - from);
  return compensatedMean(floats, from, to);
}, meanOfHistograms);

/** Looks at floats only: of a window without any there is nothing, and histograms beside them are told of. */
function ofFloats(prepare: (series: Window['series'], call: RangeCall) => (window: Window) => number): RangeFunction {
  return (series, call) => {
    const result = prepare(series, call);
    return (window) => {
      if (window.floatCount === 0) return undefined;
      if (window.histogramCount > 0) call.notices.ignoredInRange(call.span, series.labels.metricName);
      return result(window);
    };
  };
}

function extreme(isBeyond: (a: number, b: number) => boolean): RangeFunction {
  return ofFloats((series) => {
    const sliding = new SlidingExtreme(series.floats, isBeyond);
    return (window) => sliding.of(window.floatFrom, window.floatTo);
  });
}

export const maxOverTime = extreme((a, b) => a > b);
export const minOverTime = extreme((a, b) => a < b);

export const stdvarOverTime = ofFloats(({ floats }) => {
  return ({ floatFrom, floatTo }) => variance(floats, floatFrom, floatTo);
});
export const stddevOverTime = ofFloats(({ floats }) => {
  return ({ floatFrom, floatTo }) => Math.sqrt(variance(floats, floatFrom, floatTo));
});

export const quantileOverTime = ofFloats(({ floats }, { parameters: [quantiles], notices, span }) => {
  return ({ floatFrom, floatTo, step }) => {
    const quantile = quantiles?.[step] ?? NaN;
    if (!(quantile >= 0 && quantile <= 1)) notices.invalidQuantile(span, quantile);
    return quantileOf(quantile, floats.slice(floatFrom, floatTo));
  };
});

export const countOverTime: RangeFunction = () => (window) => window.floatCount + window.histogramCount;
/** 1 where there is any sample; `absent_over_time` is made of it, too. */
export const presentOverTime: RangeFunction = () => () => 1;

export const firstOverTime: RangeFunction =
  ({ floatTimes, floats, histogramTimes }) =>
  (window) => {
    const { floatFrom, histogramFrom } = window;
    if (window.histogramCount === 0) return floats[floatFrom] as number;
    const isFloat =
      window.floatCount > 0 && (floatTimes[floatFrom] as number) < (histogramTimes[histogramFrom] as number);
    return isFloat ? (floats[floatFrom] as number) : window.histogram(histogramFrom);
  };

export const lastOverTime: RangeFunction =
  ({ floatTimes, floats, histogramTimes }) =>
  (window) => {
    const [float, histogram] = [window.floatTo - 1, window.histogramTo - 1];
    if (window.histogramCount === 0) return floats[float] as number;
    const isFloat = window.floatCount > 0 && (histogramTimes[histogram] as number) < (floatTimes[float] as number);
    return isFloat ? (floats[float] as number) : window.histogram(histogram);
  };
