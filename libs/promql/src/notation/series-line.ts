import { addHistograms, subtractHistograms } from '../histogram/merge.js';
import type { FloatHistogram } from '../values/float-histogram.js';
import { Labels, METRIC_NAME, type Label } from '../values/labels.js';
import { type Cursor } from './cursor.js';
import { readHistogram, type WrittenHistogram } from './histogram-literal.js';
import { numberOf, UNSIGNED } from './number.js';
import { readQuoted } from './quoted.js';

/** One place in a row of values: nothing (`_`), the end of the series (`stale`), a number or a histogram. */
export type SeriesValue =
  | { readonly kind: 'omitted' }
  | { readonly kind: 'stale' }
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'histogram'; readonly histogram: FloatHistogram; readonly hintGiven: boolean };

/** A series with its values, one for each step. */
export interface SeriesLine {
  readonly labels: Labels;
  readonly values: readonly SeriesValue[];
}

/** Values of one line at most. */
const MOST_VALUES = 1_000_000;

const SPACE = /[ \t]+/y;
const NAME = /[a-zA-Z_:][a-zA-Z0-9_:]*/y;
const NUMBER = new RegExp(`[+-]?${UNSIGNED}`, 'y');
const STEP = new RegExp(`[+-]${UNSIGNED}(?=x)`, 'y');
const TIMES = /x\d+(?![\w.])/y;

function readLabel(cursor: Cursor): Label {
  const quoted = /["'`]/.test(cursor.text[cursor.at] ?? '') ? readQuoted(cursor) : undefined;
  const name = quoted ?? cursor.take(/[a-zA-Z_][a-zA-Z0-9_]*/y) ?? cursor.fail('a label or }');
  cursor.take(SPACE);
  if (!cursor.skip('=')) {
    // In quotes and without a value it is the name of the metric.
    return quoted === undefined ? cursor.fail(`= behind the label ${name}`) : [METRIC_NAME, quoted];
  }
  cursor.take(SPACE);
  return [name, readQuoted(cursor)];
}

/** `requests_total{code="200"}`, `{"any name", code="200"}`, `{}`. @throws MisreadError */
export function readMetric(cursor: Cursor): Labels {
  const labels: Label[] = [];
  const name = cursor.take(NAME);
  if (name !== undefined) labels.push([METRIC_NAME, name]);
  cursor.take(/[ \t]+(?=\{(?!\{))/y);
  if (cursor.text.startsWith('{{', cursor.at) || !cursor.skip('{')) {
    return name === undefined ? cursor.fail('a series, as requests_total{code="200"},') : Labels.of(labels);
  }
  for (;;) {
    cursor.take(SPACE);
    if (cursor.skip('}')) return Labels.of(labels);
    const label = readLabel(cursor);
    if (labels.some(([known]) => known === label[0])) cursor.fail(`a label other than ${label[0]} before`);
    labels.push(label);
    cursor.take(SPACE);
    if (!cursor.skip(',') && cursor.text[cursor.at] !== '}') cursor.fail(', or }');
  }
}

function readTimes(cursor: Cursor): number | undefined {
  const times = cursor.take(TIMES);
  if (times === undefined) return undefined;
  const count = Number(times.slice(1));
  return count < MOST_VALUES ? count : cursor.fail(`a count under ${MOST_VALUES} before`);
}

function repeated(value: SeriesValue, times: number): SeriesValue[] {
  return Array.from({ length: times }, () => value);
}

function readNumbers(cursor: Cursor): SeriesValue[] {
  const first = cursor.take(NUMBER) ?? cursor.fail('a number, _, stale or {{…}}');
  let value = numberOf(first);
  const step = cursor.take(STEP);
  const times = readTimes(cursor);
  if (times === undefined) return [{ kind: 'number', value }];
  const values: SeriesValue[] = [{ kind: 'number', value }];
  for (let at = 0; at < times; at++) {
    if (step !== undefined) value += numberOf(step);
    values.push({ kind: 'number', value });
  }
  return values;
}

function histogramSteps(
  cursor: Cursor,
  { histogram }: WrittenHistogram,
  step: WrittenHistogram,
  sign: string,
): SeriesValue[] {
  const times = readTimes(cursor) ?? cursor.fail('x and a count, as in {{…}}+{{…}}x5,');
  const merge = sign === '+' ? addHistograms : subtractHistograms;
  if (histogram.schema > step.histogram.schema) {
    cursor.fail(`a step of schema ${histogram.schema} or finer before, not of schema ${step.histogram.schema}`);
  }
  let current = histogram;
  const values: SeriesValue[] = [];
  for (let at = 0; at <= times; at++) {
    values.push({ kind: 'histogram', histogram: current, hintGiven: step.hintGiven });
    current = merge(current, step.histogram)?.histogram ?? cursor.fail('buckets of the same kind on both sides before');
  }
  return values;
}

function readHistograms(cursor: Cursor): SeriesValue[] {
  const first = readHistogram(cursor);
  const sign = cursor.take(/[+-](?=\{\{)/y);
  if (sign !== undefined) return histogramSteps(cursor, first, readHistogram(cursor), sign);
  return repeated({ kind: 'histogram', ...first }, (readTimes(cursor) ?? 0) + 1);
}

function readItem(cursor: Cursor): SeriesValue[] {
  if (cursor.skip('_')) return repeated({ kind: 'omitted' }, readTimes(cursor) ?? 1);
  if (cursor.skip('stale')) return repeated({ kind: 'stale' }, (readTimes(cursor) ?? 0) + 1);
  return cursor.text.startsWith('{{', cursor.at) ? readHistograms(cursor) : readNumbers(cursor);
}

/**
 * A series and its values: `1 2 3`, `0+10x5` (a value and five steps of 10), `7x3` (four times 7), `_`, `_x3`, `stale` and
 * histograms in `{{ }}`, which step in the same way. @throws MisreadError
 */
export function readSeriesLine(cursor: Cursor): SeriesLine {
  const labels = readMetric(cursor);
  const values: SeriesValue[] = [];
  while (!cursor.isAtEnd) {
    if (cursor.take(SPACE) === undefined) cursor.fail('a space');
    if (cursor.isAtEnd) break;
    for (const value of readItem(cursor)) values.push(value);
    if (values.length > MOST_VALUES) cursor.fail(`the end of the line after ${MOST_VALUES} values`);
  }
  return { labels, values };
}
