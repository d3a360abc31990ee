import type { ClassicBucket } from '../../histogram/classic-buckets.js';
import type { Span } from '../../syntax/ast.js';
import type { FloatHistogram } from '../../values/float-histogram.js';
import { isEmpty, setFloat, type Column } from '../column.js';
import type { Evaluation } from '../evaluation.js';
import type { Frame } from '../frame.js';
import { classicBound } from './classic-bound.js';

const BOUND = 'le';

/** A classic histogram: its series but for their bounds, with those. */
interface ClassicGroup {
  readonly labels: Column['labels'];
  dropsName: boolean;
  readonly buckets: { readonly upperBound: number; readonly column: Column }[];
}

/** What is made of histograms at each step. */
export interface HistogramFold {
  native(histogram: FloatHistogram, step: number, metric: string): number;
  classic(buckets: readonly ClassicBucket[], step: number, metric: string): number;
}

function isFloatAt({ present, histograms }: Column, step: number): boolean {
  return present[step] === 1 && histograms?.[step] === undefined;
}

function classicGroups(columns: readonly Column[], evaluation: Evaluation, span: Span) {
  const groups = new Map<string, ClassicGroup>();
  for (const column of columns) {
    const hasFloat = column.histograms === undefined || [...column.present.keys()].some((at) => isFloatAt(column, at));
    if (!hasFloat) continue;
    const text = column.labels.get(BOUND);
    const upperBound = classicBound(text);
    if (upperBound === undefined) {
      evaluation.notices.badBucketLabel(span, nameOf(column, evaluation), text);
      continue;
    }
    const labels = column.labels.without(new Set([BOUND]));
    const group = groups.get(labels.key) ?? { labels, dropsName: column.dropsName, buckets: [] };
    groups.set(labels.key, group);
    group.buckets.push({ upperBound, column });
  }
  return groups;
}

/** A name that was taken away at once is not told of. */
function nameOf({ labels }: Pick<Column, 'labels'>, { delaysNameRemoval }: Evaluation): string {
  return delaysNameRemoval ? labels.metricName : '';
}

/**
 * Folds native histograms each by itself, and classic ones from their buckets. Where one is both, nothing comes of it, and a
 * warning says so. O(values · log buckets)
 */
export async function foldHistograms(
  columns: readonly Column[],
  span: Span,
  frame: Frame,
  evaluation: Evaluation,
  fold: HistogramFold,
): Promise<readonly Column[]> {
  const { notices } = evaluation;
  const groups = classicGroups(columns, evaluation, span);
  const results: Column[] = [];
  const add = (column: Column): void => {
    if (!isEmpty(column)) results.push(column);
  };
  /** The steps at which a classic histogram is left out. */
  const mixed = new Map<string, Uint8Array>();

  for (const column of columns) {
    if (column.histograms === undefined) continue;
    const group = groups.get(column.labels.key);
    const { labels, dropsName } = evaluation.unnamed(column);
    const result = evaluation.newColumn(frame, labels, dropsName);
    for (let step = 0; step < frame.count; step++) {
      const histogram = column.histograms[step];
      if (histogram === undefined) continue;
      if (group?.buckets.some(({ column: bucket }) => isFloatAt(bucket, step)) === true) {
        notices.mixedClassicAndNative(span, nameOf(column, evaluation));
        const steps = mixed.get(column.labels.key) ?? new Uint8Array(frame.count);
        mixed.set(column.labels.key, steps);
        steps[step] = 1;
      } else setFloat(result, step, fold.native(histogram, step, labels.metricName));
    }
    add(result);
    if (evaluation.pace.isDue(100 * frame.count)) await evaluation.pace.pause();
  }

  for (const [key, group] of groups) {
    const { labels, dropsName } = evaluation.unnamed(group);
    const result = evaluation.newColumn(frame, labels, dropsName);
    const leftOut = mixed.get(key);
    const metric = nameOf(group, evaluation);
    for (let step = 0; step < frame.count; step++) {
      if (leftOut?.[step] === 1) continue;
      const buckets: ClassicBucket[] = [];
      for (const { upperBound, column } of group.buckets)
        if (isFloatAt(column, step)) buckets.push({ upperBound, count: column.values[step] as number });
      if (buckets.length > 0) setFloat(result, step, fold.classic(buckets, step, metric));
    }
    add(result);
    if (evaluation.pace.isDue(10 * frame.count * group.buckets.length)) await evaluation.pace.pause();
  }
  return evaluation.joined(frame, results);
}
