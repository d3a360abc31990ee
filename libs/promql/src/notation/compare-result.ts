import type { Point, QueryValue, ResultSeries } from '../evaluate/query-result.js';
import { nearlyEqual, nearlyEqualHistograms } from '../histogram/equality.js';
import type { Labels } from '../values/labels.js';
import { histogramNotation, pointNotation, seriesNotation, valueNotation } from './notation-text.js';
import type { Expectations, TimeRange } from './script.js';
import type { SeriesLine, SeriesValue } from './series-line.js';

/** Whether a point is what was expected; a hint counts only where the notation gives one. */
function isExpected(value: SeriesValue, { value: number, histogram }: Point): boolean {
  if (value.kind === 'histogram') {
    if (histogram === undefined || !nearlyEqualHistograms(value.histogram, histogram)) return false;
    return !value.hintGiven || value.histogram.counterReset === histogram.counterReset;
  }
  return value.kind === 'number' && histogram === undefined && nearlyEqual(value.value, number);
}

/** Both as the notation writes them; the hint only where it is part of what was expected. */
function difference(value: SeriesValue | undefined, point: Point | undefined): string {
  const expected = value === undefined ? 'nothing' : valueNotation(value);
  if (point?.histogram === undefined) return `expected ${expected}, got ${point ? pointNotation(point) : 'nothing'}`;
  const hintGiven = value?.kind === 'histogram' && value.hintGiven;
  const counterReset = hintGiven ? point.histogram.counterReset : 'unknown';
  return `expected ${expected}, got ${histogramNotation({ ...point.histogram, counterReset })}`;
}

function scalarDifference({ scalar, series }: Expectations, point: Point): string | undefined {
  if (scalar === undefined) {
    const wanted = series.length === 0 ? 'an empty vector' : `${series.length} series`;
    return `expected ${wanted}, got the scalar ${pointNotation(point)}`;
  }
  return nearlyEqual(scalar, point.value) ? undefined : `expected ${scalar}, got ${pointNotation(point)}`;
}

function unexpectedKind({ scalar, text }: Expectations, got: string): string | undefined {
  if (text !== undefined) return `expected the text ${JSON.stringify(text)}, got ${got}`;
  return scalar === undefined ? undefined : `expected the scalar ${scalar}, got ${got}`;
}

function missing(expected: readonly SeriesLine[], got: readonly ResultSeries[]): string | undefined {
  const there = new Set(got.map(({ labels }) => labels.key));
  const lacking = expected.find(({ labels }) => !there.has(labels.key));
  if (lacking === undefined) return undefined;
  return `${seriesNotation(lacking.labels)} ${lacking.values.map(valueNotation).join(' ')} is missing`;
}

function unexpected({ labels, points }: ResultSeries): string {
  return `${seriesNotation(labels)} ${points.map(pointNotation).join(' ')} was not expected`;
}

function vectorDifference(expected: Expectations, got: readonly ResultSeries[]): string | undefined {
  const places = new Map(expected.series.map((line, place) => [line.labels.key, { line, place }]));
  for (const [place, series] of got.entries()) {
    const wanted = places.get(series.labels.key);
    if (wanted === undefined) return unexpected(series);
    if (expected.ordered && wanted.place !== place) {
      return `${seriesNotation(series.labels)} is number ${place + 1}, and should be number ${wanted.place + 1}`;
    }
    const [value] = wanted.line.values;
    const [point] = series.points;
    if (value === undefined || point === undefined || !isExpected(value, point)) {
      return `${seriesNotation(series.labels)}: ${difference(value, point)}`;
    }
  }
  return missing(expected.series, got);
}

function isBefore(a: Labels, b: Labels): boolean {
  for (const [at, [name, value]] of a.sorted.entries()) {
    const other = b.sorted[at];
    if (other === undefined) return false;
    if (name !== other[0]) return name < other[0];
    if (value !== other[1]) return value < other[1];
  }
  return a.sorted.length < b.sorted.length;
}

/** Series of a matrix are sorted by their labels. */
export function disorder(series: readonly ResultSeries[]): string | undefined {
  for (const [at, { labels }] of series.entries()) {
    const next = series[at + 1]?.labels;
    if (next !== undefined && isBefore(next, labels)) {
      return `series are not sorted: ${seriesNotation(next)} comes after ${seriesNotation(labels)}`;
    }
  }
  return undefined;
}

function pointsDifference(line: SeriesLine, points: readonly Point[], times: TimeRange): string | undefined {
  const wanted = line.values
    .map((value, at) => ({ value, time: times.start + at * times.stepMs }))
    .filter(({ value }) => value.kind !== 'omitted');
  const last = times.start + (line.values.length - 1) * times.stepMs;
  if (last > times.end) return `expected ${line.values.length} values, more than the range has steps`;
  const byTime = new Map(points.map((point) => [point.time, point]));
  for (const { value, time } of wanted) {
    const point = byTime.get(time);
    if (point === undefined || !isExpected(value, point)) {
      return `${difference(value, point)} at ${time / 1_000} s; in all ${points.map(pointNotation).join(' ')}`;
    }
    byTime.delete(time);
  }
  for (const [time, point] of byTime) return `expected nothing, got ${pointNotation(point)} at ${time / 1_000} s`;
  return undefined;
}

function matrixDifference(expected: Expectations, got: readonly ResultSeries[], times: TimeRange): string | undefined {
  if (expected.ordered) return 'series of a range are sorted by labels: an order cannot be expected';
  const unsorted = disorder(got);
  if (unsorted !== undefined) return unsorted;
  const lines = new Map(expected.series.map((line) => [line.labels.key, line]));
  for (const series of got) {
    const line = lines.get(series.labels.key);
    if (line === undefined) return unexpected(series);
    const wrong = pointsDifference(line, series.points, times);
    if (wrong !== undefined) return `${seriesNotation(series.labels)}: ${wrong}`;
  }
  return missing(expected.series, got);
}

/**
 * How a result differs from what is expected of it, in words; undefined when it does not. Numbers may differ by 1e-6 of
 * themselves, as Prometheus' own tests allow.
 * @param times of the values of a matrix; undefined for a query that should not give one
 */
export function resultDifference(
  expected: Expectations,
  value: QueryValue,
  times: TimeRange | undefined,
): string | undefined {
  switch (value.type) {
    case 'scalar':
      return scalarDifference(expected, value.point);
    case 'string':
      if (expected.text === value.text) return undefined;
      return `expected ${expected.text === undefined ? 'no text' : `the text ${JSON.stringify(expected.text)}`}, got ${JSON.stringify(value.text)}`;
    case 'vector':
      return unexpectedKind(expected, `${value.series.length} series`) ?? vectorDifference(expected, value.series);
    case 'matrix':
      if (times === undefined) return 'the query gives ranges: write expect range vector from … to … step …';
      return (
        unexpectedKind(expected, `${value.series.length} series`) ?? matrixDifference(expected, value.series, times)
      );
  }
}
