import { histogramAverage, histogramStdVar } from '../../histogram/statistics.js';
import type { FloatHistogram } from '../../values/float-histogram.js';

/** The functions that look at each native histogram by itself, and leave out floats. */
export const HISTOGRAM_FUNCTIONS: ReadonlyMap<string, (histogram: FloatHistogram) => number> = new Map([
  ['histogram_count', ({ count }) => count],
  ['histogram_sum', ({ sum }) => sum],
  ['histogram_avg', histogramAverage],
  ['histogram_stddev', (histogram) => Math.sqrt(histogramStdVar(histogram))],
  ['histogram_stdvar', histogramStdVar],
]);
