import { Labels } from '../values/labels.js';
import { joinedByLabels, type Column } from './column.js';
import { METADATA_LABELS, type Evaluation, type Value } from './evaluation.js';
import { timeOf, type Frame } from './frame.js';
import type { Point, QueryValue, ResultSeries } from './query-result.js';
import type { WindowedSeries } from './windowed-series.js';

/** By code points, as Go compares the bytes of UTF-8: UTF-16 has the planes above the first one in the middle. */
export function compareText(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let at = 0; at < length; at++) {
    const [first, second] = [a.charCodeAt(at), b.charCodeAt(at)];
    if (first === second) continue;
    const [firstIsHigh, secondIsHigh] = [(first & 0xf800) === 0xd800, (second & 0xf800) === 0xd800];
    if (firstIsHigh !== secondIsHigh) return firstIsHigh ? 1 : -1;
    return first - second;
  }
  return a.length - b.length;
}

/** Label by label, names before values; fewer come first. */
export function compareLabels({ sorted: a }: Labels, { sorted: b }: Labels): number {
  for (const [at, [name, value]] of a.entries()) {
    const other = b[at];
    if (other === undefined) return 1;
    const order = compareText(name, other[0]) || compareText(value, other[1]);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

function pointsOf({ present, values, histograms }: Column, frame: Frame): readonly Point[] {
  const points: Point[] = [];
  for (let step = 0; step < frame.count; step++) {
    if (present[step] === 0) continue;
    points.push(pointAt(timeOf(frame, step), values[step] as number, histograms?.[step]));
  }
  return points;
}

function pointAt(time: number, value: number, histogram: Point['histogram']): Point {
  return histogram === undefined ? { time, value } : { time, value: NaN, histogram };
}

function inOrder(series: readonly ResultSeries[]): readonly ResultSeries[] {
  return series.toSorted((a, b) => compareLabels(a.labels, b.labels));
}

/** Where names are dropped at the end, this is it. @throws {QueryFailedError} when two series are the same without */
export function withoutDroppedNames<Series extends Pick<Column, 'labels' | 'dropsName'>>(
  series: readonly Series[],
): readonly Series[] {
  return series.map((one) => (one.dropsName ? { ...one, labels: one.labels.without(METADATA_LABELS) } : one));
}

/** The answer, of an instant or of a range. */
export function queryValue(value: Value, frame: Frame, isInstant: boolean, evaluation: Evaluation): QueryValue {
  if (value.type === 'string') return { type: 'string', time: frame.start, text: value.text };
  if (value.type === 'scalar') {
    const points = [...value.values].map((number, step) => pointAt(timeOf(frame, step), number, undefined));
    const [point = pointAt(frame.start, NaN, undefined)] = points;
    return isInstant ? { type: 'scalar', point } : { type: 'matrix', series: [{ labels: Labels.NONE, points }] };
  }
  const columns = evaluation.delaysNameRemoval ? joinedByLabels(withoutDroppedNames(value.columns)) : value.columns;
  const series = columns.map((column) => ({ labels: column.labels, points: pointsOf(column, frame) }));
  evaluation.budget.checkSeries(series.length, 'The result');
  return isInstant ? { type: 'vector', series } : { type: 'matrix', series: inOrder(series) };
}

/** All samples of a range, as they are. */
export function rangeValue(
  all: readonly WindowedSeries[],
  afterMs: number,
  untilMs: number,
  evaluation: Evaluation,
): QueryValue {
  const series = withoutDroppedNames(all).flatMap(({ labels, floatTimes, floats, histogramTimes, histograms }) => {
    const points: Point[] = [];
    const add = (time: number, value: number, histogram: Point['histogram']): void => {
      if (time > afterMs && time <= untilMs) points.push(pointAt(time, value, histogram));
    };
    for (const [at, time] of floatTimes.entries()) add(time, floats[at] as number, undefined);
    for (const [at, time] of histogramTimes.entries()) add(time, NaN, histograms[at]);
    points.sort((a, b) => a.time - b.time);
    return points.length === 0 ? [] : [{ labels, points }];
  });
  evaluation.budget.checkSeries(series.length, 'The result');
  return { type: 'matrix', series: inOrder(series) };
}
