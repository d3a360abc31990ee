// Without the schemas, which a page would have to carry.
import type { CacheWindow } from './cache-window.js';

/** The histograms of a window. */
export const WINDOW_HISTOGRAMS = [
  'getDuration',
  'loadDuration',
  'writeSize',
  'ageAtHit',
  'timeToEviction',
  'ageAtRefresh',
] as const satisfies readonly (keyof CacheWindow)[];

export type WindowHistogram = (typeof WINDOW_HISTOGRAMS)[number];
