import { equalHistograms } from '../../histogram/equality.js';
import { countsBefore, histogramResets } from './per-series.js';
import type { RangeFunction } from './range-function.js';
import type { Window } from './window.js';

type Compare = (before: number, after: number) => boolean;

/** Counts what happens from one sample to the next. A change between float and histogram always counts. */
function counted(
  floatsDiffer: Compare,
  prepareHistograms: (series: Window['series']) => (at: number) => boolean,
): RangeFunction {
  return (series) => {
    const { floats, floatTimes, histograms, histogramTimes } = series;
    const differs = prepareHistograms(series);
    const floatEvents = countsBefore(floats.length, (at) =>
      at === 0 ? false : floatsDiffer(floats[at - 1] as number, floats[at] as number),
    );
    const histogramEvents =
      histograms.length === 0 ? undefined : countsBefore(histograms.length, (at) => at > 0 && differs(at));

    const ofBoth = (window: Window): number => {
      let events = 0;
      let [float, histogram] = [window.floatFrom, window.histogramFrom];
      let before: 'float' | 'histogram' | undefined;
      while (float < window.floatTo || histogram < window.histogramTo) {
        const isFloat =
          histogram >= window.histogramTo ||
          (float < window.floatTo && (floatTimes[float] as number) < (histogramTimes[histogram] as number));
        const kind = isFloat ? 'float' : 'histogram';
        if (before !== undefined && before !== kind) events++;
        else if (before !== undefined) {
          const isEvent = isFloat
            ? floatsDiffer(floats[float - 1] as number, floats[float] as number)
            : differs(histogram);
          if (isEvent) events++;
        }
        before = kind;
        if (isFloat) float++;
        else histogram++;
      }
      return events;
    };

    return (window) => {
      const { floatFrom, floatTo, histogramFrom, histogramTo } = window;
      if (window.hasBoth) return ofBoth(window);
      if (floatTo > floatFrom) return (floatEvents[floatTo] as number) - (floatEvents[floatFrom + 1] as number);
      return (histogramEvents?.[histogramTo] ?? 0) - (histogramEvents?.[histogramFrom + 1] ?? 0);
    };
  };
}

const cumulativeResets = counted((before, after) => after < before, histogramResets);
const cumulativeChanges = counted(
  (before, after) => before !== after && !(Number.isNaN(before) && Number.isNaN(after)),
  ({ histograms }) =>
    (at) => {
      const [before, after] = [histograms[at - 1], histograms[at]];
      return before !== undefined && after !== undefined && !equalHistograms(after, before);
    },
);

/** Of a delta series none: it has no total that could begin anew. */
export const resets: RangeFunction = (series, call) =>
  series.temporality === 'delta' ? () => 0 : cumulativeResets(series, call);

/** Of a delta series how often its total changed: the samples in which something came to pass. */
export const changes: RangeFunction = (series, call) => {
  if (series.temporality !== 'delta') return cumulativeChanges(series, call);
  const floats = countsBefore(series.floats.length, (at) => series.floats[at] !== 0);
  const histograms = countsBefore(series.histograms.length, (at) => series.histograms[at]?.count !== 0);
  return ({ floatFrom, floatTo, histogramFrom, histogramTo }) =>
    (floats[floatTo] as number) -
    (floats[floatFrom] as number) +
    ((histograms[histogramTo] as number) - (histograms[histogramFrom] as number));
};
