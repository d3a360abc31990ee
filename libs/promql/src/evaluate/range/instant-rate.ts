import { compactHistogram } from '../../histogram/compact.js';
import { detectReset } from '../../histogram/counter-reset.js';
import { subtractHistograms } from '../../histogram/merge.js';
import { divideHistogram } from '../../histogram/scale.js';
import type { FloatHistogram } from '../../values/float-histogram.js';
import type { RangeCall, RangeFunction, WindowResult } from './range-function.js';
import type { Window } from './window.js';

interface Sample {
  readonly time: number;
  readonly value: number;
  readonly histogram: FloatHistogram | undefined;
}

/** The last sample of a window, or the one so many before it; undefined when there is none. */
function lastButOf(window: Window, back: number): Sample | undefined {
  const { floatTimes, floats, histogramTimes } = window.series;
  let float = window.floatTo - 1;
  let histogram = window.histogramTo - 1;
  for (let left = back; ; left--) {
    const floatTime = float >= window.floatFrom ? (floatTimes[float] as number) : -Infinity;
    const histogramTime = histogram >= window.histogramFrom ? (histogramTimes[histogram] as number) : -Infinity;
    if (floatTime === -Infinity && histogramTime === -Infinity) return undefined;
    const isFloat = floatTime > histogramTime;
    if (left === 0)
      return isFloat
        ? { time: floatTime, value: floats[float] as number, histogram: undefined }
        : { time: histogramTime, value: NaN, histogram: window.histogram(histogram) };
    if (isFloat) float--;
    else histogram--;
  }
}

function histogramChange(
  last: FloatHistogram,
  before: FloatHistogram,
  metric: string,
  { notices, argumentsSpan }: RangeCall,
  isRate: boolean,
): FloatHistogram | undefined {
  const gauges = [last, before].filter(({ counterReset }) => counterReset === 'gauge').length;
  if (isRate && gauges > 0) notices.notCounter(argumentsSpan, metric);
  if (!isRate && gauges < 2) notices.notGauge(argumentsSpan, metric);
  let change: FloatHistogram = last;
  if (!isRate || !detectReset(last, before)) {
    const difference = subtractHistograms(last, before);
    if (difference === undefined) {
      notices.mixedSchemas(argumentsSpan, metric);
      return undefined;
    }
    if (difference.boundsReconciled) notices.boundsReconciled(argumentsSpan, 'subtraction');
    change = difference.histogram;
  }
  return compactHistogram({ ...change, counterReset: 'gauge' });
}

/** From the last but one sample of a window to the last one; of a delta series that is the last one itself. */
function lastChange(isRate: boolean): RangeFunction {
  return (series, call) => {
    const metric = series.labels.metricName;
    const isDelta = series.temporality === 'delta';
    return (window): WindowResult => {
      const last = lastButOf(window, 0);
      if (last === undefined) return undefined;
      const before = lastButOf(window, 1);
      if (isDelta && !isRate) return last.histogram ?? last.value;
      if (before === undefined) return undefined;
      const seconds = (last.time - before.time) / 1000;
      if (seconds === 0) return undefined;
      if (isDelta)
        return last.histogram === undefined ? last.value / seconds : divideHistogram(last.histogram, seconds);
      if ((last.histogram === undefined) !== (before.histogram === undefined)) {
        call.notices.mixedSamples(call.argumentsSpan, metric);
        return undefined;
      }
      if (last.histogram !== undefined && before.histogram !== undefined) {
        const change = histogramChange(last.histogram, before.histogram, metric, call, isRate);
        return change === undefined || !isRate ? change : divideHistogram(change, seconds);
      }
      const change = isRate && last.value < before.value ? last.value : last.value - before.value;
      return isRate ? change / seconds : change;
    };
  };
}

/** Of a delta series: its last sample over the time since the one before. */
export const irate = lastChange(true);
/** Of a delta series: its last sample. */
export const idelta = lastChange(false);
