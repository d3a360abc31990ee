import type { FloatHistogram } from '../../values/float-histogram.js';
import type { WindowedSeries } from '../windowed-series.js';

/**
 * A part of a series: its samples after `start` and up to `end`. It slides: ends only go forward, so that all windows of a
 * series together cost as much as its samples.
 */
export class Window {
  /** ms since 1970; a sample at it is outside. */
  start = -Infinity;
  /** ms since 1970; a sample at it is inside. */
  end = -Infinity;
  /** The step it belongs to, and when that is (ms since 1970): not its end, where the range is shifted. */
  step = 0;
  time = 0;
  /** Floats in it: places of the first, and after the last. */
  floatFrom = 0;
  floatTo = 0;
  /** Histograms in it: places of the first, and after the last. */
  histogramFrom = 0;
  histogramTo = 0;

  constructor(readonly series: WindowedSeries) {}

  /** @param end not before the one it had */
  slideTo(start: number, end: number): void {
    const { floatTimes, histogramTimes } = this.series;
    this.start = start;
    this.end = end;
    let [from, to] = [this.floatFrom, this.floatTo];
    while (to < floatTimes.length && (floatTimes[to] as number) <= end) to++;
    while (from < to && (floatTimes[from] as number) <= start) from++;
    this.floatFrom = from;
    this.floatTo = to;
    if (histogramTimes.length > 0) this.#slideHistograms(start, end);
  }

  #slideHistograms(start: number, end: number): void {
    const { histogramTimes } = this.series;
    while (this.histogramTo < histogramTimes.length && (histogramTimes[this.histogramTo] as number) <= end)
      this.histogramTo++;
    while (this.histogramFrom < this.histogramTo && (histogramTimes[this.histogramFrom] as number) <= start)
      this.histogramFrom++;
  }

  get floatCount(): number {
    return this.floatTo - this.floatFrom;
  }

  get histogramCount(): number {
    return this.histogramTo - this.histogramFrom;
  }

  get isEmpty(): boolean {
    return this.floatTo === this.floatFrom && this.histogramTo === this.histogramFrom;
  }

  get hasBoth(): boolean {
    return this.floatTo > this.floatFrom && this.histogramTo > this.histogramFrom;
  }

  /** The histogram at a place of the series. */
  histogram(at: number): FloatHistogram {
    return this.series.histograms[at] as FloatHistogram;
  }
}
