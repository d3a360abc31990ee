import { CompensatedSum } from '../../histogram/compensated-sum.js';
import type { RangeCall, RangeFunction } from './range-function.js';
import type { WindowedSeries } from '../windowed-series.js';
import type { Window } from './window.js';

interface Line {
  /** Per second. */
  readonly slope: number;
  readonly intercept: number;
}

/** The line with the least squares of distances from the floats of a window. @param at ms since 1970: where it is crossed */
function lineThrough(values: Float64Array, { series: { floatTimes }, floatFrom, floatTo }: Window, at: number): Line {
  const first = values[floatFrom] as number;
  let isConstant = true;
  const [sumX, sumY, sumXY, sumXX] = [
    new CompensatedSum(),
    new CompensatedSum(),
    new CompensatedSum(),
    new CompensatedSum(),
  ];
  for (let place = floatFrom; place < floatTo; place++) {
    const x = ((floatTimes[place] as number) - at) / 1000;
    const y = values[place] as number;
    if (place > floatFrom && y !== first) isConstant = false;
    sumX.add(x);
    sumY.add(y);
    sumXY.add(x * y);
    sumXX.add(x * x);
  }
  if (isConstant) return Number.isFinite(first) || Number.isNaN(first) ? { slope: 0, intercept: first } : UNKNOWN;
  const count = floatTo - floatFrom;
  const covariance = sumXY.total - (sumX.total * sumY.total) / count;
  const variance = sumXX.total - (sumX.total * sumX.total) / count;
  const slope = covariance / variance;
  return { slope, intercept: sumY.total / count - (slope * sumX.total) / count };
}

const UNKNOWN: Line = { slope: NaN, intercept: NaN };

/** Of a delta series its running total from the first sample on: the slope of that is a rate. */
function levelsOf({ floats, temporality }: WindowedSeries): Float64Array {
  if (temporality !== 'delta') return floats;
  const sum = new CompensatedSum();
  return floats.map((value) => {
    sum.add(value);
    return sum.total;
  });
}

function fitted(result: (values: Float64Array, window: Window, call: RangeCall) => number): RangeFunction {
  return (series, call) => {
    const levels = levelsOf(series);
    return (window) => {
      if (window.floatCount > 0 && window.histogramCount > 0)
        call.notices.ignoredInRange(call.span, series.labels.metricName);
      return window.floatCount < 2 ? undefined : result(levels, window, call);
    };
  };
}

/** Of a delta series the slope of its running total. */
export const deriv = fitted((values, window) => {
  return lineThrough(values, window, window.series.floatTimes[window.floatFrom] as number).slope;
});

/** Of a delta series the running total that began with the first sample that was selected. */
export const predictLinear = fitted((values, window, { parameters: [seconds] }) => {
  const { slope, intercept } = lineThrough(values, window, window.time);
  return slope * (seconds?.[window.step] ?? NaN) + intercept;
});
