import type { Event } from './events/kinds.js';

/** The rollup levels, finest first, with the length of their buckets. */
export const LEVELS = ['10s', '1m', '1h'] as const;
export type Level = (typeof LEVELS)[number];

/** A value for each level, finest first. */
export function perLevel<Value>(valueOf: (level: Level, at: number) => Value): Record<Level, Value> {
  return Object.fromEntries(LEVELS.map((level, at) => [level, valueOf(level, at)])) as Record<Level, Value>;
}

export const LEVEL_MS: Readonly<Record<Level, number>> = { '10s': 10_000, '1m': 60_000, '1h': 3_600_000 };

/** How long the buckets of each level are kept, ms. What feeds another level is kept longer than lateness allows. */
export const LEVEL_KEPT_MS: Readonly<Record<Level, number>> = {
  '10s': 7 * 86_400_000,
  '1m': 30 * 86_400_000,
  '1h': 730 * 86_400_000,
};

/**
 * The end of the half-open bucket `[end − step, end)` that a moment falls into.
 * A window counts by its last millisecond, so pass `end − 1`; a point counts by itself.
 */
export function bucketEnd(pointMs: number, stepMs: number): number {
  return Math.floor(pointMs / stepMs) * stepMs + stepMs;
}

/** The end of the 10 s bucket of an event: computed once, here; recounts, tails and 1 s answers use only this. */
export function eventBucketEnd(event: Event): number {
  return bucketEnd(bucketPoint(event), LEVEL_MS['10s']);
}

/** The millisecond by which an event is put into its bucket. */
export function bucketPoint(event: Event): number {
  switch (event.kind) {
    case 'cache.window':
      return event.end - 1;
    case 'metric':
      return event.windowMs === undefined ? event.time : event.time - 1;
    default:
      return event.time;
  }
}
