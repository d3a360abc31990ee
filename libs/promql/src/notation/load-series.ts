import { histogramProblem } from '../histogram/histogram-problem.js';
import type { MemorySource, Sample } from '../source/memory-source.js';
import { nativeHistogramsOf } from './classic-histograms.js';
import { MisreadError } from './cursor.js';
import { NotationError } from './notation-error.js';
import type { LoadCommand } from './script.js';
import type { SeriesLine } from './series-line.js';
import { storedHint } from './stored-hint.js';

/** The samples of a line, the first one at 0; hints are those of a store that has the samples before. */
function samplesOf({ labels, values }: SeriesLine, stepMs: number, known: readonly Sample[]): readonly Sample[] {
  const samples: Sample[] = [];
  for (const [at, value] of values.entries()) {
    const time = at * stepMs;
    const before = samples.at(-1) ?? known.findLast((sample) => sample.time < time);
    if (value.kind === 'number') samples.push({ time, value: value.value });
    else if (value.kind === 'stale') samples.push({ time, stale: true });
    else if (value.kind === 'histogram') {
      const problem = histogramProblem(value.histogram);
      if (problem !== undefined) throw new MisreadError(`${labels.metricName}: ${problem}`);
      const counterReset = storedHint(value.histogram, before);
      samples.push({ time, histogram: { ...value.histogram, counterReset } });
    }
  }
  return samples;
}

/**
 * Adds the samples of a `load` to those that are there. They are cumulative, as scraped ones.
 * @throws NotationError when a histogram is none, or classic ones do not fit together
 */
export function loadSeries({ line, stepMs, withCustomBuckets, series }: LoadCommand, source: MemorySource): void {
  try {
    for (const each of [...series, ...(withCustomBuckets ? nativeHistogramsOf(series) : [])]) {
      source.add(each.labels, samplesOf(each, stepMs, source.samplesOf(each.labels)), 'cumulative');
    }
  } catch (error) {
    if (error instanceof MisreadError) throw new NotationError(line, error.message);
    throw error;
  }
}
