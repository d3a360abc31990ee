import type { FloatHistogram } from '../values/float-histogram.js';
import type { Labels } from '../values/labels.js';
import type { Matcher } from '../values/matcher.js';

/**
 * What the samples of a series say. `cumulative`: a counter's total, or a gauge's level, as Prometheus scrapes them.
 * `delta`: what came to pass since the sample before, so that a rate is an exact sum.
 */
export type Temporality = 'cumulative' | 'delta';

/** Samples of one series, by time; of one time there is one. */
export interface SeriesSamples {
  readonly labels: Labels;
  readonly temporality: Temporality;
  /** ms since 1970, strictly ascending. */
  readonly times: Float64Array;
  /** Of each time; NaN where there is a histogram or a stale marker. */
  readonly values: Float64Array;
  /** Of each time that has one; left out when none has. */
  readonly histograms?: readonly (FloatHistogram | undefined)[];
  /** 1 where the series ended: a stale marker; left out when there is none. */
  readonly stale?: Uint8Array;
}

/** Which samples of which series. */
export interface SeriesSelection {
  readonly matchers: readonly Matcher[];
  /** Samples after this, ms. */
  readonly afterMs: number;
  /** Samples up to this, it included, ms. */
  readonly untilMs: number;
}

/** Where the samples come from. */
export abstract class SeriesSource {
  /**
   * The series that all matchers hold for, with their samples in the time asked for, in any order; series without any are
   * left out. @throws whatever it fails with; the signal's reason when that aborts
   */
  abstract select(selection: SeriesSelection, signal?: AbortSignal): Promise<readonly SeriesSamples[]>;
}
