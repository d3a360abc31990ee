import type { FloatHistogram } from '../values/float-histogram.js';
import type { Labels } from '../values/labels.js';
import { compileMatchers } from '../values/matching.js';
import { SeriesSource, type SeriesSamples, type SeriesSelection, type Temporality } from './series-source.js';

/** A sample to keep: a number, a histogram, or the end of the series. */
export interface Sample {
  /** ms since 1970. */
  readonly time: number;
  readonly value?: number;
  readonly histogram?: FloatHistogram;
  readonly stale?: boolean;
}

interface StoredSeries {
  readonly labels: Labels;
  readonly temporality: Temporality;
  samples: readonly Sample[];
  /** The same as columns, made when they are first asked for. */
  columns?: SeriesSamples | undefined;
}

/** The first place whose time is after a time. O(log n) */
function placeAfter(times: Float64Array, time: number): number {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((times[middle] ?? Infinity) > time) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** By time; of one time the sample that was added last counts. */
function merged(known: readonly Sample[], added: readonly Sample[]): readonly Sample[] {
  const byTime = new Map<number, Sample>();
  for (const sample of [...known, ...added]) byTime.set(sample.time, sample);
  return [...byTime.values()].sort((a, b) => a.time - b.time);
}

function columnsOf({ labels, temporality, samples }: StoredSeries): SeriesSamples {
  return {
    labels,
    temporality,
    times: Float64Array.from(samples, ({ time }) => time),
    values: Float64Array.from(samples, ({ value, stale }) => (stale === true ? NaN : (value ?? NaN))),
    histograms: samples.map(({ histogram }) => histogram),
    stale: Uint8Array.from(samples, ({ stale }) => (stale === true ? 1 : 0)),
  };
}

/** Views of a part of the columns. Of histograms and ends nothing where there are none. */
function part(
  { labels, temporality, times, values, ...columns }: SeriesSamples,
  from: number,
  to: number,
): SeriesSamples {
  const histograms = columns.histograms?.slice(from, to);
  const stale = columns.stale?.subarray(from, to);
  return {
    labels,
    temporality,
    times: times.subarray(from, to),
    values: values.subarray(from, to),
    ...(histograms?.some((histogram) => histogram !== undefined) === true ? { histograms } : {}),
    ...(stale?.includes(1) === true ? { stale } : {}),
  };
}

/** Keeps samples in memory. For tests, for conformance, and for small sets of series. */
export class MemorySource extends SeriesSource {
  readonly #series = new Map<string, StoredSeries>();

  /** Adds samples, in any order, to those that are there; of one time the last one counts. O(n log n) */
  add(labels: Labels, samples: readonly Sample[], temporality: Temporality = 'cumulative'): void {
    const key = `${temporality} ${labels.key}`;
    const known = this.#series.get(key);
    if (known === undefined) this.#series.set(key, { labels, temporality, samples: merged([], samples) });
    else {
      known.samples = merged(known.samples, samples);
      known.columns = undefined;
    }
  }

  /** The samples of a series so far, by time. */
  samplesOf(labels: Labels, temporality: Temporality = 'cumulative'): readonly Sample[] {
    return this.#series.get(`${temporality} ${labels.key}`)?.samples ?? [];
  }

  clear(): void {
    this.#series.clear();
  }

  /**
   * O(s·m + log n) for s series, m matchers and n samples of each. What it gives are views of what it keeps: they are not to
   * be changed, and do not change.
   */
  override async select(selection: SeriesSelection, signal?: AbortSignal): Promise<readonly SeriesSamples[]> {
    signal?.throwIfAborted();
    const matches = compileMatchers(selection.matchers);
    const found: SeriesSamples[] = [];
    for (const series of this.#series.values()) {
      if (!matches(series.labels)) continue;
      const columns = (series.columns ??= columnsOf(series));
      const first = placeAfter(columns.times, selection.afterMs);
      const end = placeAfter(columns.times, selection.untilMs);
      if (first < end) found.push(part(columns, first, end));
    }
    return found;
  }
}
