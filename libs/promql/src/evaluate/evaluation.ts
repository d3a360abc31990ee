import type { Expression, TimeShift, VectorSelector } from '../syntax/ast.js';
import { METRIC_NAME, type Labels } from '../values/labels.js';
import type { SeriesSamples } from '../source/series-source.js';
import { joinedByLabels, type Column, type NewColumn } from './column.js';
import { resolvedShift, type Frame, type ResolvedShift } from './frame.js';
import type { SampleBudget } from './limits.js';
import type { Notices } from './notices.js';
import type { Pace } from './pace.js';
import type { QueryTimes } from './query.js';

/** What a part of an expression comes to over the steps of its frame. */
export type Value =
  | { readonly type: 'scalar'; readonly values: Float64Array }
  | { readonly type: 'string'; readonly text: string }
  | { readonly type: 'vector'; readonly columns: readonly Column[] };

/** The labels that say what a series measures: a result of a calculation measures something else. */
export const METADATA_LABELS: ReadonlySet<string> = new Set([METRIC_NAME, '__type__', '__unit__']);

/** What all parts of an evaluation share. */
export class Evaluation {
  constructor(
    readonly times: QueryTimes,
    readonly lookbackMs: number,
    readonly defaultStepMs: number,
    /** Names are dropped when the query is at its end. */
    readonly delaysNameRemoval: boolean,
    readonly notices: Notices,
    readonly budget: SampleBudget,
    readonly pace: Pace,
    readonly invariant: ReadonlySet<Expression>,
    private readonly selected: ReadonlyMap<VectorSelector, readonly SeriesSamples[]>,
  ) {}

  shiftOf(shift: TimeShift): ResolvedShift {
    return resolvedShift(shift, this.times);
  }

  seriesOf(selector: VectorSelector): readonly SeriesSamples[] {
    return this.selected.get(selector) ?? [];
  }

  /** A column without values, which counts as held. @throws {QueryLimitError} over the limit of samples */
  newColumn(frame: Frame, labels: Labels, dropsName = false): NewColumn {
    this.budget.hold(frame.count);
    return { labels, dropsName, values: new Float64Array(frame.count), present: new Uint8Array(frame.count) };
  }

  /** A scalar that is to be filled. @throws {QueryLimitError} over the limit of samples */
  newScalar(frame: Frame): Float64Array {
    this.budget.hold(frame.count);
    return new Float64Array(frame.count);
  }

  /** How the labels of a result look that no longer is the metric: without its name now, or at the end. */
  unnamed({ labels, dropsName }: Pick<Column, 'labels' | 'dropsName'>): Pick<Column, 'labels' | 'dropsName'> {
    if (this.delaysNameRemoval) return { labels, dropsName: true };
    return { labels: labels.without(METADATA_LABELS), dropsName };
  }

  /**
   * Columns of the same labels are one. Where names are dropped at the end, and there is one step, that is put off as well.
   * @throws {QueryFailedError} when two have a value at the same step
   */
  joined(frame: Frame, columns: readonly Column[]): readonly Column[] {
    return this.delaysNameRemoval && frame.count === 1 ? columns : joinedByLabels(columns);
  }
}
