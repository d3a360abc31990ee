import type { FloatHistogram } from '../values/float-histogram.js';
import type { Labels } from '../values/labels.js';
import type { SeriesSamples, Temporality } from '../source/series-source.js';
import type { Column } from './column.js';
import { timeOf, type Frame } from './frame.js';

/** The samples of a series that windows slide over: floats and histograms apart, stale markers left out. */
export interface WindowedSeries {
  readonly labels: Labels;
  readonly dropsName: boolean;
  readonly temporality: Temporality;
  /** ms since 1970, ascending. */
  readonly floatTimes: Float64Array;
  readonly floats: Float64Array;
  /** ms since 1970, ascending. */
  readonly histogramTimes: Float64Array;
  readonly histograms: readonly FloatHistogram[];
}

const NO_TIMES = new Float64Array(0);

/** Takes samples one by one, in order of time. */
class Apart {
  readonly #floatTimes: number[] = [];
  readonly #floats: number[] = [];
  readonly #histogramTimes: number[] = [];
  readonly #histograms: FloatHistogram[] = [];

  add(time: number, value: number, histogram: FloatHistogram | undefined): void {
    if (histogram === undefined) {
      this.#floatTimes.push(time);
      this.#floats.push(value);
    } else {
      this.#histogramTimes.push(time);
      this.#histograms.push(histogram);
    }
  }

  get series(): Pick<WindowedSeries, 'floatTimes' | 'floats' | 'histogramTimes' | 'histograms'> {
    return {
      floatTimes: Float64Array.from(this.#floatTimes),
      floats: Float64Array.from(this.#floats),
      histogramTimes: Float64Array.from(this.#histogramTimes),
      histograms: this.#histograms,
    };
  }
}

/** O(n), or nothing when there are only floats. */
export function windowedSamples(samples: SeriesSamples): WindowedSeries {
  const { labels, temporality, times, values, histograms, stale } = samples;
  const about = { labels, dropsName: false, temporality };
  if (histograms === undefined && stale === undefined)
    return { ...about, floatTimes: times, floats: values, histogramTimes: NO_TIMES, histograms: [] };
  const apart = new Apart();
  for (let at = 0; at < times.length; at++)
    if (stale?.[at] !== 1) apart.add(times[at] as number, values[at] as number, histograms?.[at]);
  return { ...about, ...apart.series };
}

/**
 * What a subquery came to, as samples at its steps. It is taken for cumulative, as its steps are not those of the samples
 * below. Whether a histogram was reset is not known any more, as there may have been others between the steps.
 */
export function windowedColumn(column: Column, frame: Frame): WindowedSeries {
  const apart = new Apart();
  for (let step = 0; step < frame.count; step++) {
    if (column.present[step] === 0) continue;
    const histogram = column.histograms?.[step];
    const known = histogram?.counterReset === 'reset' || histogram?.counterReset === 'not_reset';
    const sample = histogram !== undefined && known ? { ...histogram, counterReset: 'unknown' as const } : histogram;
    apart.add(timeOf(frame, step), column.values[step] as number, sample);
  }
  const { labels, dropsName } = column;
  return { labels, dropsName, temporality: 'cumulative', ...apart.series };
}
