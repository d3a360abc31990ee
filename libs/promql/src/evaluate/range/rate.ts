import { compactHistogram } from '../../histogram/compact.js';
import { scaleHistogram } from '../../histogram/scale.js';
import type { FloatHistogram } from '../../values/float-histogram.js';
import { deltaSum } from './delta-sum.js';
import { histogramIncrease } from './histogram-increase.js';
import { floatResets } from './per-series.js';
import type { RangeFunction } from './range-function.js';
import type { Window } from './window.js';

/** Beyond so many times the average distance of samples, a series is taken to begin or end inside of the window. */
const NEAR = 1.1;

/**
 * By how much an increase between the first and the last sample is made larger, so that it is one over the whole window.
 * Towards an end where a sample is near enough it reaches that end, else half a distance of samples.
 * @param first time of the first sample, and `last` of the last, ms since 1970
 * @param secondsToZero how long before the first sample a counter was 0, if its increase is any measure
 */
function extrapolation(window: Window, first: number, last: number, samples: number, secondsToZero: number): number {
  const sampled = (last - first) / 1000;
  const distance = sampled / (samples - 1);
  const near = distance * NEAR;
  let toStart = (first - window.start) / 1000;
  let toEnd = (window.end - last) / 1000;
  if (toStart >= near) toStart = distance / 2;
  if (secondsToZero < toStart) toStart = secondsToZero;
  if (toEnd >= near) toEnd = distance / 2;
  return sampled === 0 ? 1 : (sampled + toStart + toEnd) / sampled;
}

/** @param sampled seconds from the first sample, whose value is `first`, to the last */
function secondsToZero(first: number, increase: number, sampled: number): number {
  return increase > 0 && first >= 0 ? sampled * (first / increase) : Infinity;
}

/** What a counter rose from the first float of a window to the last, with what it had before each reset. */
function floatIncreases(series: Window['series'], isCounter: boolean): (window: Window) => number {
  const { floats } = series;
  const resets = isCounter ? floatResets(series) : [];
  let next = 0;
  return ({ floatFrom, floatTo }) => {
    while (next < resets.length && (resets[next] as number) <= floatFrom) next++;
    let increase = (floats[floatTo - 1] as number) - (floats[floatFrom] as number);
    for (let at = next; at < resets.length && (resets[at] as number) < floatTo; at++)
      increase += floats[(resets[at] as number) - 1] as number;
    return increase;
  };
}

/** `rate`, `increase` and `delta` of cumulative series, extrapolated to the window. */
function extrapolated(isCounter: boolean, isRate: boolean): RangeFunction {
  return (series, call) => {
    const { floatTimes, floats, histogramTimes } = series;
    const floatIncrease = floatIncreases(series, isCounter);
    const increaseOfHistograms = histogramIncrease(series, call, isCounter);
    const perSecond = call.rangeMs / 1000;

    const ofHistograms = (window: Window): FloatHistogram | undefined => {
      const { histogramFrom: from, histogramTo: to } = window;
      const increase = increaseOfHistograms(window);
      if (increase === undefined) return undefined;
      const [first, last] = [histogramTimes[from] as number, histogramTimes[to - 1] as number];
      const toZero = isCounter
        ? secondsToZero(window.histogram(from).count, increase.count, (last - first) / 1000)
        : Infinity;
      const factor = extrapolation(window, first, last, to - from, toZero);
      return scaleHistogram(increase, isRate ? factor / perSecond : factor);
    };

    return (window) => {
      if (window.hasBoth) {
        call.notices.mixedSamples(call.span, series.labels.metricName);
        return undefined;
      }
      if (window.histogramCount > 1) return ofHistograms(window);
      const { floatFrom: from, floatTo: to } = window;
      if (to - from < 2) return undefined;
      const increase = floatIncrease(window);
      const [first, last] = [floatTimes[from] as number, floatTimes[to - 1] as number];
      const toZero = isCounter ? secondsToZero(floats[from] as number, increase, (last - first) / 1000) : Infinity;
      const factor = extrapolation(window, first, last, to - from, toZero);
      return increase * (isRate ? factor / perSecond : factor);
    };
  };
}

/**
 * What came to pass in a window of a delta series: the exact sum of its samples, which belong to the time up to each of
 * them. Nothing is extrapolated, and one sample is enough.
 */
function summed(isRate: boolean): RangeFunction {
  return (series, call) => {
    const sumOf = deltaSum(series, call);
    const perSecond = call.rangeMs / 1000;
    return (window) => {
      const sum = sumOf(window);
      if (sum === undefined) return undefined;
      if (typeof sum === 'number') return isRate ? sum / perSecond : sum;
      const gauge = { ...compactHistogram(sum), counterReset: 'gauge' as const };
      return isRate ? scaleHistogram(gauge, 1 / perSecond) : gauge;
    };
  };
}

function byTemporality(cumulative: RangeFunction, delta: RangeFunction): RangeFunction {
  return (series, call) => (series.temporality === 'delta' ? delta : cumulative)(series, call);
}

export const rate = byTemporality(extrapolated(true, true), summed(true));
export const increase = byTemporality(extrapolated(true, false), summed(false));
/** By how much the total changed: of a delta series that is what `increase` is. */
export const delta = byTemporality(extrapolated(false, false), summed(false));
