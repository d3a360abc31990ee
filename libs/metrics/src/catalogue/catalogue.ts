import type { Metric } from '../metric.js';
import { CACHE_METRICS } from './caches.js';
import { LOAD_METRICS } from './loads.js';
import { PIPELINE_METRICS } from './pipeline.js';
import { PROCESS_METRICS } from './process.js';
import { WEB_VITALS } from './web-vitals.js';

/** Every metric that the project itself knows, once, by group. Those that users send join in a LiveCatalogue. */
export const CATALOGUE: readonly Metric[] = [
  ...CACHE_METRICS,
  ...LOAD_METRICS,
  ...WEB_VITALS,
  ...PIPELINE_METRICS,
  ...PROCESS_METRICS,
];

/** Columns of measures that no metric has, each with the reason. */
export const LEFT_OUT: Readonly<Record<'cache' | 'loads', Readonly<Record<string, string>>>> = {
  cache: {
    windows: 'How many windows a bucket was counted from says something of the emitters, not of the cache.',
    resolution_ms: 'The length of the longest window in a bucket says how fine raw answers can be.',
  },
  loads: {},
};
