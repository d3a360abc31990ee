import { QueryFailedError } from '../errors.js';
import type { FloatHistogram } from '../values/float-histogram.js';
import type { Labels } from '../values/labels.js';

/** A series over all steps of a frame. Once its node is evaluated, nothing in it changes: others share the arrays. */
export interface Column {
  readonly labels: Labels;
  /** Its name is to go at the end of the query; only where that is put off so long. */
  readonly dropsName: boolean;
  /** Of each step; NaN where there is a histogram, anything where there is no value. */
  readonly values: Float64Array;
  /** 1 at the steps that have a value, else 0. */
  readonly present: Uint8Array;
  /** Of the steps that have one; left out when none has. */
  readonly histograms?: readonly (FloatHistogram | undefined)[];
}

/** A column that is being filled. */
export interface NewColumn extends Omit<Column, 'histograms'> {
  histograms?: (FloatHistogram | undefined)[];
}

export function setFloat(column: NewColumn, step: number, value: number): void {
  column.values[step] = value;
  column.present[step] = 1;
}

export function setHistogram(column: NewColumn, step: number, histogram: FloatHistogram): void {
  column.histograms ??= [];
  column.histograms[step] = histogram;
  column.values[step] = NaN;
  column.present[step] = 1;
}

export function isEmpty({ present }: Column): boolean {
  return !present.includes(1);
}

export const SAME_LABELS = 'vector cannot contain metrics with the same labelset';

export function haveSameLabels(columns: readonly Column[]): boolean {
  if (columns.length < 2) return false;
  return new Set(columns.map(({ labels }) => labels.key)).size < columns.length;
}

function addTo(joined: NewColumn, column: Column): void {
  for (let step = 0; step < column.present.length; step++) {
    if (column.present[step] === 0) continue;
    if (joined.present[step] === 1) throw new QueryFailedError(SAME_LABELS);
    const histogram = column.histograms?.[step];
    if (histogram === undefined) setFloat(joined, step, column.values[step] as number);
    else setHistogram(joined, step, histogram);
  }
}

/**
 * Columns of the same labels in one. @throws {QueryFailedError} when two have a value at the same step
 */
export function joinedByLabels(columns: readonly Column[]): readonly Column[] {
  if (!haveSameLabels(columns)) return columns;
  const joined = new Map<string, Column[]>();
  for (const column of columns) {
    const known = joined.get(column.labels.key);
    if (known === undefined) joined.set(column.labels.key, [column]);
    else known.push(column);
  }
  return [...joined.values()].map(joinedColumn);
}

function joinedColumn(parts: readonly Column[]): Column {
  const [first, ...others] = parts as readonly [Column, ...Column[]];
  if (others.length === 0) return first;
  const { labels, dropsName, values, present, histograms } = first;
  const joined: NewColumn = { labels, dropsName, values: values.slice(), present: present.slice() };
  if (histograms !== undefined) joined.histograms = [...histograms];
  for (const other of others) addTo(joined, other);
  return joined;
}
