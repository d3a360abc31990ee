import { changes, resets } from './changes.js';
import { idelta, irate } from './instant-rate.js';
import * as overTime from './over-time.js';
import type { RangeFunction } from './range-function.js';
import { delta, increase, rate } from './rate.js';
import { deriv, predictLinear } from './regression.js';

/** The functions that take a range. */
export const RANGE_FUNCTIONS: ReadonlyMap<string, RangeFunction> = new Map([
  ['rate', rate],
  ['increase', increase],
  ['delta', delta],
  ['irate', irate],
  ['idelta', idelta],
  ['deriv', deriv],
  ['predict_linear', predictLinear],
  ['changes', changes],
  ['resets', resets],
  ['absent_over_time', overTime.presentOverTime],
  ['present_over_time', overTime.presentOverTime],
  ['avg_over_time', overTime.avgOverTime],
  ['count_over_time', overTime.countOverTime],
  ['first_over_time', overTime.firstOverTime],
  ['last_over_time', overTime.lastOverTime],
  ['max_over_time', overTime.maxOverTime],
  ['min_over_time', overTime.minOverTime],
  ['quantile_over_time', overTime.quantileOverTime],
  ['stddev_over_time', overTime.stddevOverTime],
  ['stdvar_over_time', overTime.stdvarOverTime],
  ['sum_over_time', overTime.sumOverTime],
]);

/** What these cost grows with the floats of a window, as they go through them all. */
export const RESCANS: ReadonlySet<string> = new Set([
  'avg_over_time',
  'deriv',
  'predict_linear',
  'quantile_over_time',
  'stddev_over_time',
  'stdvar_over_time',
  'sum_over_time',
]);

/** These stay the metric that they look at. */
export const KEEPS_NAME: ReadonlySet<string> = new Set(['first_over_time', 'last_over_time']);
