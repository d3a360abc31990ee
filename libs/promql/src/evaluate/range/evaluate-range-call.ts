import { QueryFailedError } from '../../errors.js';
import type { Call, RangeSelector, Subquery } from '../../syntax/ast.js';
import { bare } from '../bare.js';
import {
  haveSameLabels,
  isEmpty,
  SAME_LABELS,
  setFloat,
  setHistogram,
  type Column,
  type NewColumn,
} from '../column.js';
import type { Evaluation, Value } from '../evaluation.js';
import { lookedAt, subqueryFrame, timeOf, type Frame, type ResolvedShift } from '../frame.js';
import type { Pace } from '../pace.js';
import { windowedColumn, windowedSamples, type WindowedSeries } from '../windowed-series.js';
import { KEEPS_NAME, RANGE_FUNCTIONS, RESCANS } from './range-functions.js';
import type { RangeCall, RangeFunction } from './range-function.js';
import { Window } from './window.js';

/** Evaluates a part of an expression. */
export type Evaluate = (expression: Call['arguments'][number], frame: Frame) => Promise<Value>;

/** What windows slide over: of a selector its samples, of a subquery what that came to. */
export async function windowedSeriesOf(
  range: RangeSelector | Subquery,
  frame: Frame,
  evaluation: Evaluation,
  evaluate: Evaluate,
): Promise<readonly WindowedSeries[]> {
  if (range.kind === 'range') return evaluation.seriesOf(range.selector).map(windowedSamples);
  const inner = subqueryFrame(frame, range, evaluation.shiftOf(range), evaluation.defaultStepMs);
  const value = await evaluate(range.expression, inner);
  return columnsOf(value, inner).map((column) => windowedColumn(column, inner));
}

function columnsOf(value: Value, frame: Frame): readonly Column[] {
  if (value.type === 'vector') return value.columns;
  throw new QueryFailedError(`A subquery of ${frame.count} steps needs a vector, and there is a ${value.type}.`);
}

/** The argument that is a range, where there is one. */
export function rangeArgument(call: Call): RangeSelector | Subquery | undefined {
  for (const argument of call.arguments) {
    const inner = bare(argument);
    if (inner.kind === 'range' || inner.kind === 'subquery') return inner;
  }
  return undefined;
}

async function prepared(
  call: Call,
  range: RangeSelector | Subquery,
  frame: Frame,
  evaluation: Evaluation,
  evaluate: Evaluate,
): Promise<RangeCall> {
  const parameters: Float64Array[] = [];
  for (const argument of call.arguments) {
    if (bare(argument) === range) continue;
    const value = await evaluate(argument, frame);
    if (value.type === 'scalar') parameters.push(value.values);
  }
  const [first = range] = call.arguments;
  const last = call.arguments.at(-1) ?? first;
  return {
    rangeMs: range.rangeMs,
    span: bare(first).span,
    argumentsSpan: { from: bare(first).span.from, to: bare(last).span.to },
    parameters,
    notices: evaluation.notices,
  };
}

const COUNTER_ENDINGS = /_(?:total|sum|count|bucket)$/;

/** Tells of a cumulative series that is probably no counter; of a delta series it is known that it is one. */
function noteCounter(
  call: Call,
  { labels, temporality }: WindowedSeries,
  column: Column,
  { span, notices }: RangeCall,
) {
  if (call.function !== 'rate' && call.function !== 'increase') return;
  const name = labels.metricName;
  if (name === '' || temporality === 'delta' || COUNTER_ENDINGS.test(name)) return;
  const hasFloat = column.present.some((present, step) => present === 1 && column.histograms?.[step] === undefined);
  if (hasFloat) notices.possiblyNoCounter(span, name);
}

async function slide(
  column: NewColumn,
  series: WindowedSeries,
  apply: RangeFunction,
  call: RangeCall,
  frame: Frame,
  shift: ResolvedShift,
  costOf: (window: Window) => number,
  pace: Pace,
): Promise<void> {
  const window = new Window(series);
  const result = apply(series, call);
  const { rangeMs } = call;
  for (let step = 0; step < frame.count; step++) {
    const end = lookedAt(frame, step, shift);
    window.step = step;
    window.time = timeOf(frame, step);
    window.slideTo(end - rangeMs, end);
    if (window.isEmpty) continue;
    if (pace.isDue(costOf(window))) await pace.pause();
    const value = result(window);
    if (typeof value === 'number') setFloat(column, step, value);
    else if (value !== undefined) setHistogram(column, step, value);
  }
}

/** As many floats as what a window takes costs; a histogram is some hundred buckets. */
function slideCost(window: Window): number {
  return 1 + 100 * window.histogramCount;
}

function rescanCost(window: Window): number {
  return window.floatCount + 100 * window.histogramCount;
}

/** Calls a function on the windows of each series, those of a series one after the other. O(samples + steps) at best */
export async function evaluateRangeCall(
  call: Call,
  range: RangeSelector | Subquery,
  frame: Frame,
  evaluation: Evaluation,
  evaluate: Evaluate,
): Promise<readonly Column[]> {
  const apply = RANGE_FUNCTIONS.get(call.function);
  if (apply === undefined) throw new QueryFailedError(`There is no function ${call.function} of a range.`, call.span);
  const all = await windowedSeriesOf(range, frame, evaluation, evaluate);
  const about = await prepared(call, range, frame, evaluation, evaluate);
  const shift = evaluation.shiftOf(range.kind === 'range' ? range.selector : range);
  const costOf = RESCANS.has(call.function) ? rescanCost : slideCost;
  const columns: Column[] = [];
  for (const series of all) {
    const unnamed = KEEPS_NAME.has(call.function) && !series.dropsName ? series : evaluation.unnamed(series);
    const column = evaluation.newColumn(frame, unnamed.labels, unnamed.dropsName);
    await slide(column, series, apply, about, frame, shift, costOf, evaluation.pace);
    noteCounter(call, series, column, about);
    if (!isEmpty(column)) columns.push(column);
    if (evaluation.pace.isDue(frame.count + series.floatTimes.length)) await evaluation.pace.pause();
  }
  const isChecked = !evaluation.delaysNameRemoval && call.function !== 'absent_over_time';
  if (isChecked && haveSameLabels(columns)) throw new QueryFailedError(SAME_LABELS, call.span);
  return columns;
}
