import type { FloatHistogram } from '../../values/float-histogram.js';
import { isEmpty, setFloat, type Column } from '../column.js';
import type { Evaluation } from '../evaluation.js';
import type { Frame } from '../frame.js';
import type { FloatFunction } from './float-functions.js';

type Parameters = readonly Float64Array[];

/** Each float through a function; the result is another metric. */
export function mapFloats(
  columns: readonly Column[],
  apply: FloatFunction,
  [first, second]: Parameters,
  frame: Frame,
  evaluation: Evaluation,
): readonly Column[] {
  return mapped(columns, frame, evaluation, (value, histogram, step) => {
    if (histogram !== undefined) return undefined;
    if (first === undefined) return apply(value);
    return second === undefined
      ? apply(value, first[step] as number)
      : apply(value, first[step] as number, second[step] as number);
  });
}

/** Each histogram through a function; the result is another metric. */
export function mapHistograms(
  columns: readonly Column[],
  apply: (histogram: FloatHistogram) => number,
  frame: Frame,
  evaluation: Evaluation,
): readonly Column[] {
  return mapped(columns, frame, evaluation, (_value, histogram) =>
    histogram === undefined ? undefined : apply(histogram),
  );
}

/** Each value through a function, left out where that gives undefined; the result is another metric. */
export function mapped(
  columns: readonly Column[],
  frame: Frame,
  evaluation: Evaluation,
  apply: (value: number, histogram: FloatHistogram | undefined, step: number) => number | undefined,
): readonly Column[] {
  const results: Column[] = [];
  for (const column of columns) {
    const { labels, dropsName } = evaluation.unnamed(column);
    const result = evaluation.newColumn(frame, labels, dropsName);
    for (let step = 0; step < frame.count; step++) {
      if (column.present[step] === 0) continue;
      const value = apply(column.values[step] as number, column.histograms?.[step], step);
      if (value !== undefined) setFloat(result, step, value);
    }
    if (!isEmpty(result)) results.push(result);
  }
  return evaluation.joined(frame, results);
}
